"""Fixtures that reach real servers: PostgreSQL, Redis and a Celery worker in its own process.

Only for tests marked `services`; `python3 -m tests` starts the servers and names them in
`POLAR_TEST_DATABASE_URL` and `POLAR_TEST_REDIS_URL`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import Celery
from django.db import connection
from redis import Redis

from example_project.databases import with_database_name
from tests.celery_app import broker

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Worker:
    """A running Celery worker. `broker` is its address; `log` what it has printed so far."""

    process: subprocess.Popen[bytes]
    broker: str
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")


@pytest.fixture
def postgres(db: None) -> str:
    """The name of the test database. Skips where the suite runs on SQLite."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: `python3 -m tests` starts one")
    return str(connection.settings_dict["NAME"])


@pytest.fixture
def redis_url() -> str:
    """The address of an empty Redis database that no other test process uses."""
    given = os.environ.get("POLAR_TEST_REDIS_URL")
    if not given:
        pytest.skip("needs Redis: `python3 -m tests` starts one")
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = urlunsplit(urlsplit(given)._replace(path=f"/{number}"))
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def redis_broker(redis_url: str) -> Iterator[Celery]:
    """The Celery application with its messages going through real Redis."""
    with broker(redis_url) as app:
        yield app


@pytest.fixture
def celery_worker(
    transactional_db: None, postgres: str, redis_url: str, redis_broker: Celery, tmp_path: Path
) -> Iterator[Worker]:
    """A real worker on the test's database and broker, ready to work.

    The test's data must be committed for it, hence `transactional_db`; poll for what it does.
    """
    log_path = tmp_path / "worker.log"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "POLAR_TEST_BROKER_URL": redis_url,
        "POLAR_TEST_DATABASE_URL": with_database_name(
            os.environ["POLAR_TEST_DATABASE_URL"], postgres
        ),
    }
    command = [sys.executable, "-m", "celery", "-A", "tests.celery_app", "worker"]
    options = ["--pool=threads", "--concurrency=2", "--loglevel=INFO", "--without-mingle"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [*command, *options, "--without-gossip"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(redis_broker, process, log_path)
        yield Worker(process=process, broker=redis_url, log_path=log_path)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


def _wait_until_ready(app: Celery, process: subprocess.Popen[bytes], log_path: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        if app.control.ping(timeout=0.5):
            return
    pytest.fail(f"The worker did not start:\n{log_path.read_text(errors='replace')}")
