"""The sandbox as a site of its own: what another site could do to the developer who runs it."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path

import django

from polar_django.sandbox import standalone

standalone._configure(Path(sys.argv[1]), "", "")
django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
browser = Client(enforce_csrf_checks=True)
dashboard = browser.get("/", headers={"Host": "127.0.0.1"})
assert dashboard.status_code == 200
print("framed:", dashboard["X-Frame-Options"])
print("under another name:", browser.get("/", headers={"Host": "evil.example"}).status_code)
elsewhere = {"Host": "127.0.0.1", "Origin": "https://evil.example"}
for address in ("/reset", "/clock", "/_control/reset", "/_control/clock"):
    print(address, browser.post(address, {"jump": "day"}, headers=elsewhere).status_code)
"""


LARGE = """
import json, sys
from pathlib import Path

import django

from polar_django.sandbox import standalone

standalone._configure(Path(sys.argv[1]), "", "")
django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
headers = {"Host": "127.0.0.1", "Authorization": "Bearer polar_oat_sandbox"}
event = {"name": "call", "external_customer_id": "u-1", "metadata": {"text": "x" * 500}}
for count in (5_000, 20_000):
    body = json.dumps({"events": [event] * count})
    answer = Client().post(
        "/v1/events/ingest", body, content_type="application/json", headers=headers
    )
    print(f"{len(body) / 2**20:.0f} MiB: {answer.status_code}")
"""


def test_a_batch_of_usage_may_be_as_large_as_at_polar(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LARGE, str(tmp_path / "sandbox.sqlite3")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["3 MiB: 200", "11 MiB: 413"]


def test_no_other_site_frames_it_reads_it_under_a_name_of_its_own_or_steers_it(
    tmp_path: Path,
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "sandbox.sqlite3")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "framed: DENY",
        "under another name: 400",
        "/reset 403",
        "/clock 403",
        "/_control/reset 403",
        "/_control/clock 403",
    ]
