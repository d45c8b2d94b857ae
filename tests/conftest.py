"""Fixtures for everybody: two people, and real servers for the tests that are marked `services`.

`sandbox` comes from tests/sandbox_fixtures.py, servers from tests/service_fixtures.py.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from polar_django.providers import retries

# Imported so that tasks find the Celery application, as a project's own package does it.
from tests.celery_app import app as celery_app

__all__ = ["celery_app"]

pytest_plugins = [
    "tests.browsers",
    "tests.leaks",
    "tests.sandbox_fixtures",
    "tests.service_fixtures",
]

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what this machine or this run cannot do."""
    if item.get_closest_marker("services") and not _has_servers():
        pytest.skip("needs PostgreSQL and Redis: `python3 -m tests` starts them")
    if item.get_closest_marker("corpus") and not CORPUS.is_dir():
        pytest.skip("needs the recorded deliveries in ../shared/corpus")


def _has_servers() -> bool:
    return bool(
        os.environ.get("POLAR_TEST_REDIS_URL")
        and os.environ.get("POLAR_TEST_DATABASE_URL", "").startswith("postgres")
    )


@pytest.fixture(autouse=True)
def provider_is_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does not wait between its attempts; `tests/providers` reads how long it would."""
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database; at the end, connections that would keep it from being dropped are cut.

    A browser closes in the middle of a request, and the live server's thread keeps its connection.
    """
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def ada(db: None) -> Any:
    """A user."""
    return get_user_model().objects.create_user("ada", "ada@example.com", "password")


@pytest.fixture
def grace(db: None) -> Any:
    """Another user, who must not see what is Ada's."""
    return get_user_model().objects.create_user("grace", "grace@example.com", "password")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of deliveries recorded from a real server; for tests marked `corpus`."""
    return CORPUS
