"""`python -m tests.chaos --seed N --customers M`: a simulated year under fire, and its report.

Starts and ends everything itself, on 127.0.0.1. The exit code is 1 where anything was lost or
wrong, 2 where a server is not available on this machine.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

import django

from example_project.servers import NotAvailable
from tests.chaos.world import NotReady, World, world


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--faults", type=int, default=26, help="how many in the year")
    parser.add_argument("--steps", type=int, default=26, help="in which the year passes")
    parser.add_argument("--seconds", type=int, default=1800, help="give up after that long")
    parser.add_argument("--keep", type=Path, help="a folder for logs and databases, kept")
    arguments = parser.parse_args()
    # So that SIGTERM, too, ends everything that was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="polar-chaos-") as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            with world(directory) as made:
                return _run(made, arguments)
        except NotAvailable as reason:
            print(f"LEFT OUT: {reason}")
            return 2


def _run(made: World, arguments: argparse.Namespace) -> int:
    os.environ.update(made.environment)
    django.setup()
    # Models can be imported from here on only.
    from tests.chaos.run import run, time_limit  # noqa: PLC0415

    try:
        with time_limit(arguments.seconds):
            report = run(
                made, arguments.seed, arguments.customers, arguments.faults, arguments.steps
            )
    except NotReady as reason:
        print(f"NOT READY: {reason}\n{made.logs()}")
        return 1
    print(report, flush=True)
    if report.wrong:
        print(made.logs())
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
