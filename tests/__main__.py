"""`python3 -m tests [pytest arguments]`: the suite on SQLite, then on PostgreSQL with Redis.

Standard library only up to `bootstrap.enter`. Servers of your own: `POLAR_TEST_DATABASE_URL` and
`POLAR_TEST_REDIS_URL`. The exit code is that of the first run that fails.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from example_project import bootstrap, servers

ROOT = Path(__file__).resolve().parents[1]
SERVERS = ("POLAR_TEST_DATABASE_URL", "POLAR_TEST_REDIS_URL")
PARALLEL = ["-n", "2", "--dist", "loadfile"]


def main() -> int:
    bootstrap.enter("tests", "test", optional=["full"])
    arguments = sys.argv[1:]
    without = {name: value for name, value in os.environ.items() if name not in SERVERS}
    print("\n== SQLite ==", flush=True)
    codes = [run(arguments, without)]
    with ExitStack() as running:
        try:
            addresses = running.enter_context(real_servers())
        except servers.NotAvailable as reason:
            print(
                f"\nLEFT OUT: PostgreSQL, Redis and the Celery worker. {reason}\n"
                f"Name servers of your own in {' and '.join(SERVERS)} to run them.\n"
            )
        else:
            # A MySQL or MariaDB of yours: without the worker, whose tests are about PostgreSQL.
            scheme = addresses[SERVERS[0]].partition(":")[0]
            kind = "MySQL or MariaDB" if scheme == "mysql" else "PostgreSQL, a real Celery worker"
            print(f"\n== {kind} and Redis ==", flush=True)
            codes.append(run(arguments, {**without, **addresses}))
    return next((code for code in codes if code), 0)


def run(arguments: list[str], environment: dict[str, str]) -> int:
    """One run of pytest, in a process of its own; its exit code."""
    parallel = [] if {"-n", "-p", "--pdb"} & set(arguments) else PARALLEL
    command = [sys.executable, "-m", "pytest", "-q", "-rs", *parallel, *arguments]
    # Chromium is driven from the test's own thread, beside Django's.
    environment = {**environment, "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


@contextmanager
def real_servers() -> Iterator[dict[str, str]]:
    """The addresses of PostgreSQL and Redis: yours where you name them, else from wheels."""
    named = {name: os.environ[name] for name in SERVERS if os.environ.get(name)}
    with ExitStack() as running:
        data = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="polar-tests-")))
        if SERVERS[0] not in named:
            named[SERVERS[0]] = running.enter_context(servers.postgresql(data / "postgresql"))
            write_to_memory_only(named[SERVERS[0]])
        if SERVERS[1] not in named:
            named[SERVERS[1]] = running.enter_context(servers.redis(data / "redis"))
        yield named


def write_to_memory_only(server: str) -> None:
    """Nothing of a test run is to outlive the machine, so no commit waits for the disk."""
    database = import_module("psycopg").connect(server, autocommit=True)
    with database:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            database.execute(f"ALTER SYSTEM SET {name} = off")
        database.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    sys.exit(main())
