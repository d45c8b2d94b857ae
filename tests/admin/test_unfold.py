"""Nothing breaks in the admin of django-unfold, where a project has it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("test_pages.py", "test_inline.py", "test_actions.py::test_cancel_and_take_it_back")


def test_the_pages_and_an_action_work_in_unfold():
    pytest.importorskip("unfold", reason="needs django-unfold")
    files = [f"tests/admin/{name}" for name in TESTS]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings_unfold"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
