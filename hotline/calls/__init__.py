"""One caller, one worker process: legs, conversation, recording."""
