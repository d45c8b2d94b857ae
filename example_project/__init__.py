"""Inkwell, a small shop that uses polar_django and its sandbox: `python3 -m example_project`."""
