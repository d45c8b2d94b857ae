"""Tests in a project with other settings: the model that subscribes is part of the migrations, and
so of a process."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["assert_passes"]

ROOT = Path(__file__).parents[1]


def assert_passes(cases: str, *, settings: str, count: int) -> None:
    """Run that file of tests under those settings, in a process of its own: all of so many pass."""
    command = [sys.executable, "-m", "pytest", f"--ds={settings}", "-q", "-n", "0"]
    environment = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    # In memory, because on a server both processes would create a database of the same name.
    environment.pop("POLAR_TEST_DATABASE_URL", None)
    done = subprocess.run(
        [*command, cases], capture_output=True, text=True, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout
