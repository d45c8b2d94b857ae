"""`python3 -m tests.benchmarks [--write]`: every comparison, one table; some ten minutes.

PostgreSQL and Redis come from wheels. dj-stripe gets an environment of its own, made once; where it
cannot be installed, what compares with it is left out. `--write` puts the table into
docs/performance.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from example_project import bootstrap, servers
from example_project.databases import with_database_name
from tests.benchmarks.results import Result, read, table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
RIVAL = ROOT / ".data" / "djstripe"
RIVAL_PACKAGES = ["dj-stripe==2.11.0", "psycopg[binary]>=3.2", "gunicorn>=24"]
START, END = "<!-- table -->", "<!-- end of table -->"


def main() -> int:
    bootstrap.enter("tests.benchmarks", "test", "full", "bench")
    parser = argparse.ArgumentParser(prog="python3 -m tests.benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="small numbers, to try it out")
    options = parser.parse_args()
    results = run(quick=options.quick)
    shown = table(results)
    print(shown)
    if options.write:
        text = PAGE.read_text("utf-8")
        before, after = text.split(START)[0], text.split(END)[1]
        PAGE.write_text(f"{before}{START}\n{shown}\n{END}{after}", "utf-8")
    return 0 if all(result.holds for result in results) else 1


def run(*, quick: bool) -> list[Result]:
    with ExitStack() as running:
        data = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="polar-bench-")))
        server = running.enter_context(servers.postgresql(data / "postgresql"))
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
            "POLAR_TEST_DATABASE_URL": database(server, "polar_bench"),
            "POLAR_TEST_REDIS_URL": running.enter_context(servers.redis(data / "redis")),
        }
        django = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0"]
        subprocess.run(django, cwd=ROOT, env=environment, check=True)
        rival = running.enter_context(measured_rival(server))
        results = module("startup", environment)
        checks = {**environment, **rival}
        results += module("checks", checks, *(["10000", "100000"] if quick else []))
        results += module("drain", environment, *(["2000"] if quick else []))
        results += module("backfill", environment, *(["5000"] if quick else []))
        results += module("intake", {**environment, **rival})
        return [*results, *against(rival, results)]


def module(name: str, environment: dict[str, str], *arguments: str) -> list[Result]:
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if ran.returncode:
        print(f"{name} failed, and is left out.", flush=True)
    return read(ran.stdout.splitlines())


def database(server: str, name: str) -> str:
    """A new database on the server; its address."""
    program = (
        "import psycopg, sys; psycopg.connect(sys.argv[1], autocommit=True).execute(sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", program, server, f"CREATE DATABASE {name}"], check=True)
    return with_database_name(server, name)


@contextmanager
def measured_rival(server: str) -> Iterator[dict[str, str]]:
    """dj-stripe beside its fake Stripe, measured alone; what the others need to know of it."""
    python = RIVAL / "bin" / "python"
    if not python.exists():
        made = (
            subprocess.run([sys.executable, "-m", "venv", RIVAL]).returncode
            or subprocess.run(
                [python, "-m", "pip", "install", "--quiet", *RIVAL_PACKAGES]
            ).returncode
        )
        if made:
            print("LEFT OUT: dj-stripe could not be installed.", flush=True)
            yield {}
            return
    port = servers.free_port()
    stripe = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.rival.fake_stripe", str(port)], cwd=ROOT
    )
    known = {
        "RIVAL_PYTHON": str(python),
        "RIVAL_DATABASE_URL": database(server, "rival"),
        "RIVAL_STRIPE_URL": f"http://127.0.0.1:{port}",
    }
    try:
        time.sleep(1)
        print("== dj-stripe alone", flush=True)
        ran = subprocess.run(
            [python, "-m", "tests.benchmarks.rival.measure"],
            cwd=ROOT,
            env={**os.environ, **known, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = [line for line in ran.stdout.splitlines() if line.startswith("MEASURED ")]
        if lines:
            measured = json.loads(lines[0].removeprefix("MEASURED "))
            known["RIVAL_ENDPOINT"] = measured["endpoint"]
            known["RIVAL_CHECK"] = str(measured["check"])
            known["RIVAL_PROCESS"] = str(measured["process"])
        yield known
    finally:
        stripe.terminate()
        stripe.wait(10)


def against(rival: dict[str, str], results: list[Result]) -> Iterator[Result]:
    """Our own figures once more, beside dj-stripe's."""
    if "RIVAL_PROCESS" not in rival:
        return
    process = float(rival["RIVAL_PROCESS"])
    for result in results:
        if result.what.startswith("drain"):
            rate = float(result.ours.split()[0].replace(",", ""))
            other = f"{process:.1f} a second"
            yield Result(
                "processing, against dj-stripe's", result.ours, other, rate / process, at_least=20
            )


if __name__ == "__main__":
    sys.exit(main())
