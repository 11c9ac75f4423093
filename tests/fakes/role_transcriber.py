"""Stand-in for the transcriber, started by name; see role_process.py."""

from tests.fakes.role_process import main

if __name__ == "__main__":
    main("transcriber")
