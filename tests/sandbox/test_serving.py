"""How the development server answers, and how its database keeps what it is told."""

import socket
import subprocess
import sys
from pathlib import Path

from django.core.management.base import BaseCommand
from django.core.servers.basehttp import WSGIRequestHandler

from polar_django.sandbox import serving
from polar_django.sandbox.serving import PromptServer, server_command

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path

import django
from django.db import connection

from polar_django.sandbox import standalone

standalone._configure(Path(sys.argv[1]), "", "")
django.setup()
with connection.cursor() as cursor:
    for name in ("journal_mode", "synchronous"):
        print(cursor.execute(f"PRAGMA {name}").fetchone()[0])
"""


def test_no_piece_of_an_answer_waits_for_the_one_before() -> None:
    server = PromptServer(("127.0.0.1", 0), WSGIRequestHandler)
    try:
        with socket.create_connection(server.server_address[:2], timeout=10):
            accepted, _ = server.get_request()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.server_close()


def test_serve_runs_the_projects_own_command_with_that_server() -> None:
    assert vars(server_command())["server_cls"] is PromptServer


def test_a_server_of_another_kind_stays_what_it_is(monkeypatch) -> None:
    class Other(BaseCommand):
        """As Channels brings one: it serves in a way of its own."""

    other = Other()
    monkeypatch.setattr(serving, "get_commands", lambda: {"runserver": other})

    assert server_command() is other
    assert "server_cls" not in vars(other)


def test_alone_no_commit_waits_for_the_disk(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "sandbox.sqlite3")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    # 1 is NORMAL: safe with a write-ahead log, unless the machine itself dies.
    assert ran.stdout.split() == ["wal", "1"]
