"""Taking webhooks in through gunicorn: ours, a bare view, and dj-stripe, under wrk.

`python -m tests.benchmarks.intake`, with POLAR_TEST_DATABASE_URL and POLAR_TEST_REDIS_URL set.
Each request is a message of its own, signed beforehand.
"""

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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from example_project.servers import free_port
from polar_django.signing import sign
from tests.benchmarks.payloads import envelopes
from tests.benchmarks.results import Result, median_of
from tests.settings import WEBHOOK_SECRET

ROUNDS = 3
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
class Load:
    """What wrk saw: requests a second, the slowest hundredth in ms, answers that were no 2xx."""

    rate: float
    p99: float
    refused: int


def write_messages(file: Path, path: str, body: bytes, start: int) -> None:
    """Ready-made requests, each with an id and a signature of its own."""
    now = datetime.now(UTC)
    with file.open("wb") as out:
        for number in range(start, start + MESSAGES):
            message_id = str(uuid.UUID(int=number))
            signature = sign(WEBHOOK_SECRET, message_id=message_id, timestamp=now, body=body)
            head = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nwebhook-id: {message_id}\r\n"
                f"webhook-timestamp: {int(now.timestamp())}\r\nwebhook-signature: {signature}\r\n"
                "\r\n"
            )
            request = head.encode() + body
            out.write(f"{len(request):08d}".encode() + request)


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


def main() -> None:
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed (Debian: apt-get install wrk).")
    envelope = next(envelopes(1, 1))
    body = json.dumps(envelope, separators=(",", ":")).encode()
    found: dict[str, list[Load]] = {"ours": [], "bare": []}
    paths = {"ours": "/billing/webhooks/polar/", "bare": "/bare/"}
    with tempfile.TemporaryDirectory() as directory, gunicorn("tests.benchmarks.wsgi") as port:
        script, messages = Path(directory, "load.lua"), Path(directory, "messages")
        script.write_text(SCRIPT)
        start = int(time.time()) << 20
        for _ in range(ROUNDS):
            for name, path in paths.items():
                write_messages(messages, path, body, start)
                start += MESSAGES
                found[name].append(load(port, messages, script))
    assert not any(one.refused for loads in found.values() for one in loads), found
    rates = {name: median_of([one.rate for one in loads]) for name, loads in found.items()}
    slow = {name: median_of([one.p99 for one in loads]) for name, loads in found.items()}
    Result(
        f"taking in a delivery of {len(body):,} bytes, against HMAC and one INSERT",
        f"{rates['ours']:,.0f} a second (p99 {slow['ours']:.1f} ms)",
        f"{rates['bare']:,.0f} a second (p99 {slow['bare']:.1f} ms)",
        rates["ours"] / rates["bare"],
        at_least=0.8,
    ).print()


if __name__ == "__main__":
    main()
