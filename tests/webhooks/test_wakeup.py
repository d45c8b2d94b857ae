import logging
import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import transaction

from polar_django.models import Subscription, WebhookDelivery
from polar_django.webhooks import wakeup
from tests.celery_app import app, broker
from tests.ports import closed_port
from tests.webhooks.deliveries import stored


@contextmanager
def silent_server():
    """A broker that accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = []

        def accept():
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        # A blocked accept() is not ended by close() alone.
        listener.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()
    thread.join(5)


class Messages:
    """Stands for the broker: counts what is sent, and can be waited for."""

    def __init__(self):
        self.sent = 0
        self._changed = threading.Condition()

    def send(self, line):
        with self._changed:
            self.sent += 1
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: self.sent >= count, timeout=60)


@pytest.fixture
def eager():
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def messages(monkeypatch, waker):
    counted = Messages()
    monkeypatch.setattr(wakeup, "_send_message", counted.send)
    return counted


def test_a_burst_is_one_message_and_what_came_meanwhile_one_more(messages, waker, monkeypatch):
    resting, rested = threading.Event(), threading.Event()

    def rest(_):
        resting.set()
        rested.wait(60)

    monkeypatch.setattr(wakeup, "time", SimpleNamespace(sleep=rest, monotonic=time.monotonic))
    waker.want()
    messages.wait_for(1)
    assert resting.wait(60)
    for _ in range(100):
        waker.want()
    assert messages.sent == 1
    rested.set()
    messages.wait_for(2)
    assert messages.sent == 2


def test_while_it_goes_on_the_rests_grow_and_after_a_quiet_one_they_are_short_again(
    messages, waker, monkeypatch
):
    wanted_meanwhile = iter([True, True, True, True, False])
    wanted = {"wait": lambda _: True, "clear": lambda: None, "set": lambda: None}
    waker._wanted = SimpleNamespace(**wanted, is_set=lambda: next(wanted_meanwhile))
    rests = []
    clock = SimpleNamespace(sleep=rests.append, monotonic=time.monotonic)
    monkeypatch.setattr(wakeup, "time", clock)
    with pytest.raises(StopIteration):
        waker._run()
    assert rests == [0.05, 0.1, 0.2, 0.4, 0.4, 0.05]
    assert messages.sent == 6


def test_one_thread_serves_the_process(messages, waker):
    before = set(threading.enumerate())
    for _ in range(20):
        waker.want()
    messages.wait_for(1)
    started = set(threading.enumerate()) - before
    assert [thread.name for thread in started] == ["polar-wake-up"]


@pytest.mark.django_db
def test_nothing_is_asked_for_before_the_commit_or_after_a_rollback(
    monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr(wakeup, "_wake_now", lambda: asked.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        wakeup.wake()
        assert asked == []
    assert asked == [1]
    with django_capture_on_commit_callbacks(execute=True):
        try:
            with transaction.atomic():
                wakeup.wake()
                raise LookupError
        except LookupError:
            pass
    assert asked == [1]


def test_after_a_failure_nothing_is_tried_for_some_seconds(monkeypatch, waker, caplog):
    tried = []
    now = [1000.0]
    monkeypatch.setattr(wakeup, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def refuse(line):
        tried.append(1)
        raise ConnectionRefusedError("redis://:password@host")

    monkeypatch.setattr(wakeup, "_send_message", refuse)
    with caplog.at_level(logging.WARNING):
        assert [wakeup.publish() for _ in range(3)] == [False] * 3
    assert len(tried) == 1
    assert len(caplog.records) == 1
    assert "password" not in caplog.text
    now[0] += 10.1
    wakeup.publish()
    assert len(tried) == 2


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_never_answers_costs_about_a_second_at_most(waker, scheme, monkeypatch):
    with silent_server() as port, broker(f"{scheme}://127.0.0.1:{port}//"):
        began = time.monotonic()
        assert wakeup.publish() is False
        # Without our limits it would be forty seconds; a busy machine makes of one a few.
        assert time.monotonic() - began < 10
        tried = []
        monkeypatch.setattr(wakeup, "_send_message", tried.append)
        assert wakeup.publish() is False
        assert tried == []


def test_a_broker_that_is_down_costs_next_to_nothing(waker):
    with closed_port() as port, broker(f"redis://127.0.0.1:{port}/0"):
        began = time.monotonic()
        assert wakeup.publish() is False
        assert time.monotonic() - began < 10


def test_a_message_reaches_the_queue(waker):
    with broker("memory://"):
        with app.connection_for_read() as connection:
            queue = connection.SimpleQueue("celery")
            queue.clear()
            assert wakeup.publish() is True
            message = queue.get(block=False)
            message.ack()
        assert message.headers["task"] == "polar_django.tasks.drain_inbox"
        assert message.headers["ignore_result"] is True
        assert message.payload[:2] == [[], {}]


def test_a_kept_connection_is_used_again_and_made_anew_where_it_broke(monkeypatch):
    made, sent = [], []

    class Connection:
        def __init__(self):
            self.broken = False
            made.append(self)

        def release(self):
            raise OSError("closing fails as well")

    def send_over(connection):
        if connection.broken:
            raise ConnectionResetError
        sent.append(connection)

    monkeypatch.setattr(wakeup, "_connection", Connection)
    monkeypatch.setattr(wakeup, "_send_over", send_over)
    line = wakeup._Line()
    line.send()
    line.send()
    assert sent == [made[0]] * 2
    made[0].broken = True
    line.send()
    assert sent[2:] == made[1:]
    assert len(made) == 2
    line.hang_up()
    line.send()
    assert len(made) == 3


def test_where_threads_cannot_be_started_the_caller_publishes(messages, waker, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    waker.want()
    assert messages.sent == 1


@pytest.mark.parametrize(
    ("options", "runs"),
    [({}, False), ({b"enable-threads": b"true"}, True), ({"threads": "2"}, True)],
)
def test_uwsgi_without_threads_is_known(monkeypatch, options, runs):
    monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(opt=options))
    assert wakeup._threads_run() is runs


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_starts_a_thread_of_its_own(messages, waker):
    waker.want()
    messages.wait_for(1)
    child = os.fork()
    if child == 0:
        # Nothing may raise here: the child is a copy of the test run.
        wakeup._waker.want()
        thread = wakeup._waker._thread
        os._exit(0 if thread is not None and thread.is_alive() else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert wakeup._waker is waker


@pytest.mark.django_db
@pytest.mark.usefixtures("inline")
def test_inline_whatever_is_due_is_done_at_once(django_capture_on_commit_callbacks):
    stored()
    with django_capture_on_commit_callbacks(execute=True):
        wakeup.wake()
    assert Subscription.objects.count() == 1
    assert WebhookDelivery.objects.get().state == "processed"


@pytest.mark.django_db
def test_an_eager_celery_works_in_the_callers_thread(
    eager, django_capture_on_commit_callbacks, waker
):
    stored()
    with django_capture_on_commit_callbacks(execute=True):
        wakeup.wake()
    assert WebhookDelivery.objects.get().state == "processed"
