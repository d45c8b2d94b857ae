"""A year under fire ends with the mirror equal to the provider, row for row."""

import os
import subprocess
import sys

import pytest

from tests.chaos.processes import ROOT

pytestmark = pytest.mark.services

NOT_AVAILABLE = 2


def live_a_year(*, seed: int, customers: int, steps: int, seconds: int) -> None:
    """A run in a process of its own: it brings its databases, and ends all that it starts."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.chaos"]
    options = {
        "seed": seed,
        "customers": customers,
        "steps": steps,
        "faults": steps,
        "seconds": seconds,
    }
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=seconds + 60)
        except BaseException:
            # SIGTERM: it still ends what it has started.
            process.terminate()
            process.wait(60)
            raise
    print(output)
    if process.returncode == NOT_AVAILABLE:
        pytest.skip(output.strip().splitlines()[-1])
    assert process.returncode == 0, output
    assert "Nothing lost, nothing wrong." in output


def test_a_short_year_under_fire_loses_nothing():
    live_a_year(seed=1, customers=6, steps=16, seconds=400)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_year_under_fire_loses_nothing(seed):
    live_a_year(
        seed=seed,
        customers=int(os.environ.get("POLAR_TEST_CHAOS_CUSTOMERS", "200")),
        steps=26,
        seconds=3600,
    )
