"""The suite. `python3 -m tests` installs what it needs and runs it."""
