"""Adding the app costs a project nothing it does not use."""

import subprocess
import sys

import pytest

HEAVY = ("httpx", "stripe", "rest_framework", "ninja", "pydantic", "celery", "babel")

START = """
import sys
{first}
loaded = sorted(name for name in {heavy!r} if name in sys.modules)
assert not loaded, loaded
"""
SETUP = """
import django
from django.conf import settings
settings.configure(
    DEBUG=True,
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes",
        "polar_django", "polar_django.sandbox",
    ],
)
django.setup()
"""
# The admin loads every app's `admin` module at start.
WITH_ADMIN = SETUP.replace(
    '"django.contrib.auth",',
    '"django.contrib.admin", "django.contrib.messages", "django.contrib.auth",',
).replace("django.setup()\n", "django.setup()\nassert 'polar_django.admin' in sys.modules\n")


@pytest.mark.parametrize(
    "first",
    ["import polar_django", SETUP, WITH_ADMIN],
    ids=["import polar_django", "django.setup()", "django.setup() with the admin"],
)
def test_a_fresh_start_loads_nothing_heavy(first):
    program = START.format(first=first, heavy=HEAVY)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
