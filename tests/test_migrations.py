"""The migrations fit the models, whoever subscribes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "settings", ["tests.settings", "tests.settings_team", "tests.settings_strict"]
)
def test_no_migration_is_missing(settings):
    # A process of its own: the subscriber model cannot change once the models are loaded.
    command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "POLAR_TEST_DATABASE_URL"},
        "DJANGO_SETTINGS_MODULE": settings,
    }
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
