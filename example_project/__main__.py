"""`python3 -m example_project`: the demo shop with its sandbox, on a machine with only Python.

Standard library only up to `bootstrap.enter`; what comes after runs in the environment it made.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from example_project import bootstrap, servers

HERE = Path(__file__).resolve().parent


def main() -> int:
    options = _options()
    # Where a server has no wheel for this machine, that is said below, by its name.
    bootstrap.enter("example_project", "example", optional=["full"] if options.full else [])
    port = servers.free_port(options.port)
    if port != options.port:
        print(f"Port {options.port} is taken; using {port} instead.")
    with ExitStack() as running:
        data = options.data_dir or HERE.parent / ".data"
        if options.check:
            # A check starts from nothing, and leaves nothing.
            data = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="inkwell-")))
        data.mkdir(parents=True, exist_ok=True)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="example_project.settings",
            INKWELL_PORT=str(port),
            INKWELL_DATA_DIR=str(data),
        )
        if options.full:
            try:
                database = running.enter_context(servers.postgresql(data / "postgresql"))
                broker = running.enter_context(servers.redis(data / "redis"))
            except servers.NotAvailable as reason:
                sys.exit(f"{reason}\nRun it without --full: SQLite, and no broker.")
            os.environ.update(INKWELL_DATABASE_URL=database, INKWELL_REDIS_URL=broker)
        # By name: Django is there only now, and reads the variables set above.
        launch = import_module("example_project.launch")
        launch.prepare()
        here = running.enter_context(launch.serving(port))
        if options.full:
            running.enter_context(launch.working())
        if options.check:
            return _check(here)
        _say(here, full=options.full)
        return _until_interrupted()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m example_project", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="8000, if it is free")
    parser.add_argument("--data-dir", type=Path, help="where its data stays; .data by default")
    parser.add_argument("--full", action="store_true", help="with PostgreSQL, Redis and workers")
    parser.add_argument("--check", action="store_true", help="buy, cancel, say whether it works")
    return parser.parse_args()


def _check(here: str) -> int:
    check = import_module("example_project.check")
    started = time.monotonic()
    try:
        check.walk(here)
    except check.CheckFailed as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    print(f"All is well: bought, used, canceled and closed in {time.monotonic() - started:.1f} s.")
    return 0


def _say(here: str, *, full: bool) -> None:
    beneath = "PostgreSQL, Redis, a Celery worker and beat" if full else "SQLite, no broker"
    print(
        f"\nInkwell, the demo shop   {here}/\n"
        f"The sandbox's dashboard  {here}/sandbox/\n\n"
        "Sign in as Ada or Grace (password: inkwell), choose Pro, and pay with\n"
        f"4242 4242 4242 4242. Runs on {beneath}. Stop with Ctrl-C.",
        flush=True,
    )


def _until_interrupted() -> int:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
