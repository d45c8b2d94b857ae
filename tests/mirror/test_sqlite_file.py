import json
import os
import subprocess
import sys

from tests.mirror.test_concurrency import CUSTOMERS, VERSIONS


def test_eight_writers_of_one_sqlite_file_neither_fail_nor_lose_a_version(tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "POLAR_TEST_DATABASE_URL": f"sqlite:///{tmp_path / 'mirror.sqlite3'}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.mirror.sqlite_writers"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "subscriptions": [["canceled", VERSIONS]],
        "grants": CUSTOMERS,
        "told": CUSTOMERS,
    }
