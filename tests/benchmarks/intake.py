"""Taking webhooks in through gunicorn: ours, a bare view, and dj-stripe, under wrk.

`python -m tests.benchmarks.intake`, with POLAR_TEST_DATABASE_URL and POLAR_TEST_REDIS_URL set.
Each request is a message of its own, signed beforehand.
"""

import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from example_project.servers import free_port
from polar_django.signing import sign
from tests.benchmarks.payloads import envelopes
from tests.benchmarks.results import Result, median_of
from tests.benchmarks.rival import fake_stripe
from tests.benchmarks.rival.events import SECRET as RIVAL_SECRET
from tests.benchmarks.rival.events import event as rival_event
from tests.settings import WEBHOOK_SECRET

ROUNDS = 5
SECONDS = 4
# wrk reads these one after the other, and starts again at the end (then they are duplicates).
MESSAGES = 12_000
SCRIPT = """
local file = io.open(os.getenv("MESSAGES"), "rb")
local data = file:read("*a")
local position = 1
request = function()
  if position > #data then position = 1 end
  local length = tonumber(data:sub(position, position + 7))
  local message = data:sub(position + 8, position + 7 + length)
  position = position + 8 + length
  return message
end
"""


@dataclass(frozen=True)
class Contestant:
    """Who takes messages in, where, and how one is made from its number."""

    name: str
    path: str
    message: Callable[[str, int], bytes]
    messages: int = MESSAGES


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests a second, the slowest hundredth in ms, answers that were no 2xx."""

    rate: float
    p99: float
    refused: int


@cache
def polar_body() -> bytes:
    return json.dumps(next(envelopes(1, 1)), separators=(",", ":")).encode()


def standard_message(path: str, number: int) -> bytes:
    """A delivery of Polar's, signed, with an id of its own."""
    body = polar_body()
    message_id, now = str(uuid.UUID(int=number)), datetime.now(UTC)
    return request(
        path,
        body,
        {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(
                WEBHOOK_SECRET, message_id=message_id, timestamp=now, body=body
            ),
        },
    )


def stripe_message(path: str, number: int) -> bytes:
    """An event of Stripe's about one of the rival's ten subscriptions."""
    event = rival_event(fake_stripe.subscription(f"sub_{number % 10}"), f"evt_{number}")
    body, at = json.dumps(event).encode(), int(time.time())
    digest = hmac.digest(RIVAL_SECRET.encode(), f"{at}.".encode() + body, "sha256").hex()
    return request(path, body, {"Stripe-Signature": f"t={at},v1={digest}"})


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def write_messages(file: Path, contestant: Contestant, start: int) -> None:
    with file.open("wb") as out:
        for number in range(start, start + contestant.messages):
            message = contestant.message(contestant.path, number)
            out.write(f"{len(message):08d}".encode() + message)


@contextmanager
def gunicorn(application: str, python: str = sys.executable, **environment: str) -> Iterator[int]:
    """Two workers on a free port; gives the port."""
    port = free_port()
    command = [python, "-m", "gunicorn", application, "--workers", "2", "--log-level", "error"]
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--no-control-socket"],
        env={**os.environ, **environment},
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def load(port: int, messages: Path, script: Path) -> Load:
    ran = subprocess.run(
        [
            "wrk",
            "-t1",
            "-c8",
            f"-d{SECONDS}s",
            "--latency",
            "-s",
            script,
            f"http://127.0.0.1:{port}",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MESSAGES": str(messages)},
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", ran.stdout)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", ran.stdout)
    assert rate, ran.stdout
    assert slow, ran.stdout
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow.group(2)]
    return Load(
        float(rate.group(1)),
        float(slow.group(1)) * unit,
        int(refused.group(1)) if refused else 0,
    )


def race(contestants: list[Contestant], port: int, directory: Path) -> dict[str, list[Load]]:
    found: dict[str, list[Load]] = {one.name: [] for one in contestants}
    script, messages = directory / "load.lua", directory / "messages"
    script.write_text(SCRIPT)
    start = int(time.time()) << 20
    for number in range(1 + ROUNDS):
        for contestant in contestants:
            write_messages(messages, contestant, start)
            start += contestant.messages
            seen = load(port, messages, script)
            # In the first round each worker loads what it needs.
            if number:
                found[contestant.name].append(seen)
    assert not any(one.refused for loads in found.values() for one in loads), found
    return found


def main() -> None:
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed (Debian: apt-get install wrk).")
    ours = Contestant("ours", "/billing/webhooks/polar/", standard_message)
    bare = Contestant("bare", "/bare/", standard_message)
    with tempfile.TemporaryDirectory() as directory:
        with gunicorn("tests.benchmarks.wsgi") as port:
            found = race([ours, bare], port, Path(directory))
        if endpoint := os.environ.get("RIVAL_ENDPOINT"):
            rival = Contestant("rival", f"/stripe/webhook/{endpoint}/", stripe_message, 2_000)
            python = os.environ["RIVAL_PYTHON"]
            with gunicorn(
                "tests.benchmarks.rival.wsgi",
                python,
                PYTHONPATH=".",
                DJANGO_SETTINGS_MODULE="tests.benchmarks.rival.settings",
            ) as port:
                found |= race([rival], port, Path(directory))
    rates = {name: median_of([one.rate for one in loads]) for name, loads in found.items()}
    slow = {name: median_of([one.p99 for one in loads]) for name, loads in found.items()}
    wanted = {"bare": ("HMAC and one INSERT", 0.8), "rival": ("dj-stripe", 10)}
    for name, (who, at_least) in wanted.items():
        if name in found:
            Result(
                f"taking in a delivery, against {who}",
                f"{rates['ours']:,.0f} a second (p99 {slow['ours']:.1f} ms)",
                f"{rates[name]:,.0f} a second (p99 {slow[name]:.1f} ms)",
                # Of the rounds, for what else the machine does is not the same in all of them.
                median_of(
                    [a.rate / b.rate for a, b in zip(found["ours"], found[name], strict=True)]
                ),
                at_least=at_least,
            ).print()


if __name__ == "__main__":
    main()
