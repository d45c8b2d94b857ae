"""The background thread, in a process of its own with an SQLite file, as a laptop runs it."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from polar_django.sandbox import courier

PROJECT = """
import os, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import django
from django.conf import settings

settings.configure(
    DEBUG=True,
    USE_TZ=True,
    ROOT_URLCONF="polar_django.sandbox.standalone_urls",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["django.contrib.contenttypes", "polar_django.sandbox"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": sys.argv[1],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }},
    POLAR_SANDBOX={"AUTO_DELIVER": "by-hand" not in sys.argv},
)
django.setup()

from django.core.management import call_command
from django.db import connections
from polar_django.sandbox import courier, delivery
from polar_django.sandbox.engine import catalog, endpoints

if "sender" in sys.argv:
    delivery.flush()
    sys.exit()

ids = []
received = threading.Semaphore(0)
may_answer = threading.Event()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        ids.append(self.headers["webhook-id"])
        may_answer.wait(120)
        self.send_response(202)
        self.end_headers()
        received.release()

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
call_command("migrate", verbosity=0)
endpoints.create_endpoint({
    "url": f"http://127.0.0.1:{server.server_port}/",
    "events": ["benefit.created"],
})


def make(description):
    catalog.create_benefit({"type": "custom", "description": description})


"""

NOT_BLOCKED = """
make("first")
make("second")  # the receiver is still thinking about the first
print("made")
may_answer.set()
assert received.acquire(timeout=120) and received.acquire(timeout=120)
print("received")
"""

FORKED = """
may_answer.set()
make("by the parent")
assert received.acquire(timeout=120)
thread = courier._courier._thread
thread is None or thread.join(120)
connections.close_all()
# The worst moment to fork: somebody holds both locks.
courier._courier._lock.acquire()
delivery._one_sender.acquire()
parent_says, child_hears = os.pipe()[::-1]
if os.fork() == 0:
    make("by the child")
    os.read(child_hears, 1)
    os._exit(0)
assert received.acquire(timeout=120)
os.write(parent_says, b"x")
os.wait()
print("received")
"""

# What a process left that ended before it had sent: here by-hand plays the one that ended.
RESTARTED = """
from django.test import Client, override_settings

may_answer.set()
make("before the restart")
with override_settings(POLAR_SANDBOX={}):
    Client().get("/v1/products/", headers={"Authorization": "Bearer polar_oat_sandbox"})
    print("received" if received.acquire(timeout=30) else "asleep")
"""

SEVERAL_SENDERS = """
may_answer.set()
for number in range(60):
    make(f"number {number}")
command = [sys.executable, "-W", "ignore", "-c", sys.argv[-1], sys.argv[1], "sender"]
senders = [subprocess.Popen(command) for _ in range(3)]
assert [each.wait(300) for each in senders] == [0, 0, 0]
from polar_django.sandbox.models import WebhookEvent

rows = WebhookEvent.objects.order_by("created_at")
print("once" if len(ids) == len(set(ids)) == 60 else "not-once")
print("ordered" if ids == [str(row.id) for row in rows] else "not-ordered")
"""


def run(script: str, database: Path, *more: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROJECT + script, str(database), *more],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_slow_receiver_blocks_nobody_and_gets_everything(tmp_path: Path) -> None:
    assert run(NOT_BLOCKED, tmp_path / "db.sqlite3") == ["made", "received"]


@pytest.mark.skipif(not hasattr(sys.modules["os"], "fork"), reason="this system does not fork")
def test_a_forked_server_delivers_too(tmp_path: Path) -> None:
    assert run(FORKED, tmp_path / "db.sqlite3") == ["received"]


def test_what_waited_at_a_restart_leaves_with_the_first_request(tmp_path: Path) -> None:
    assert run(RESTARTED, tmp_path / "db.sqlite3", "by-hand") == ["received"]


def test_several_processes_send_each_event_once_and_in_order(tmp_path: Path) -> None:
    said = run(SEVERAL_SENDERS, tmp_path / "db.sqlite3", "by-hand", PROJECT)

    assert said == ["once", "ordered"]


def test_nothing_starts_where_delivery_is_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(courier._courier, "wake", lambda: calls.append("woken"))
    monkeypatch.setattr(courier._courier, "start", lambda: calls.append("started"))

    with override_settings(POLAR_SANDBOX={"AUTO_DELIVER": False}):
        courier.wake()
        courier.start()
    assert calls == []
    with override_settings(POLAR_SANDBOX={}):
        courier.wake()
        courier.start()
    assert calls == ["woken", "started"]
