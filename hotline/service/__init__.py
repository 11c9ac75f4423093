"""The running service: supervisor and controller."""
