"""Reaching people by other ways than a phone call: messages, robots in group chats, mail."""
