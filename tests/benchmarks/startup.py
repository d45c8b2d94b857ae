"""What the app adds to `django.setup()`, against the same project without it."""

import os
import subprocess
import sys

from tests.benchmarks.results import Result, median_of

PROGRAM = """
import time, django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *{apps}])
start = time.perf_counter()
django.setup()
print(time.perf_counter() - start)
"""
ROUNDS = 9


def seconds(*apps: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(apps=apps)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
    )
    return float(ran.stdout)


def main() -> None:
    with_us, without = [], []
    for _ in range(ROUNDS):
        with_us.append(seconds("polar_django"))
        without.append(seconds())
    ours, empty = median_of(with_us), median_of(without)
    Result(
        f"start-up (wanted: at most 60 ms more; it is {(ours - empty) * 1000:.0f} ms)",
        f"{ours * 1000:.0f} ms",
        f"{empty * 1000:.0f} ms",
        ours / empty,
    ).print()


if __name__ == "__main__":
    main()
