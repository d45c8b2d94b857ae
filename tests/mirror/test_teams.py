"""Teams as subscribers: the model that subscribes is part of the migrations, so of a process."""

import os
import subprocess
import sys
from pathlib import Path


def test_members_are_users_and_not_teams_where_teams_subscribe():
    command = [sys.executable, "-m", "pytest", "--ds=tests.settings_team", "-q", "-n", "0"]
    environment = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    # In memory, because on a server both processes would create a database of the same name.
    environment.pop("POLAR_TEST_DATABASE_URL", None)
    done = subprocess.run(
        [*command, "tests/mirror/team_cases.py"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
