"""The Celery application of the tests, also what a worker process of a test loads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery
from kombu import pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

app = Celery("tests")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["polar_django"])


@contextmanager
def broker(url: str) -> Iterator[Celery]:
    """Send this process's messages to another broker for a while; connections are not shared."""
    before = app.conf.broker_url
    _connect_to(url)
    try:
        yield app
    finally:
        _connect_to(before)


def _connect_to(url: str) -> None:
    # Celery and kombu both keep a pool that remembers the address it was made with.
    app.conf.broker_url = url
    app.set_current()
    app._pool = None
    app.amqp._producer_pool = None
    pools.reset()
