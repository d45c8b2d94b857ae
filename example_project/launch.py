"""Start the shop: tables, catalogue, web server, and with `--full` a worker and its clock.

For an environment that has everything installed, with DJANGO_SETTINGS_MODULE and the INKWELL_…
variables set: `__main__` sees to both.
"""

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from example_project.wsgi import application

CATALOG = Path(__file__).with_name("catalog.toml")


class _QuietHandler(WSGIRequestHandler):
    """Prints no line per request, so that the addresses stay in sight."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadedWSGIServer):
    # The sandbox answers the shop's own requests, so no request may wait for another.
    daemon_threads = True
    request_queue_size = 64


def prepare() -> None:
    """Tables, and two people who can sign in. May be run again and again."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("inkwell_people", verbosity=0)


@contextmanager
def serving(port: int) -> Iterator[str]:
    """The shop and the sandbox on 127.0.0.1, in threads of this process; gives the address.

    With something to buy: the sandbox tells of it, and the shop has to listen by then.
    """
    server = _Server(("127.0.0.1", port), _QuietHandler)
    server.set_app(StaticFilesHandler(application))
    threading.Thread(target=server.serve_forever, name="inkwell", daemon=True).start()
    try:
        call_command("polar_sandbox", "seed", str(CATALOG), stdout=io.StringIO())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def working() -> Iterator[None]:
    """A real Celery worker and beat, in processes of their own."""
    # Celery warns of root, which is what a container of a demo usually runs as.
    python = [sys.executable, "-W", "ignore"]
    celery = [*python, "-m", "celery", "--app", "example_project.celery", "--quiet"]
    schedule = settings.DATA_DIR / "celerybeat-schedule"
    with ExitStack() as stack:
        for command in (
            ["worker", "--concurrency", "2", "--loglevel", "WARNING"],
            ["beat", "--loglevel", "WARNING", "--schedule", str(schedule)],
        ):
            stack.callback(_stop, subprocess.Popen([*celery, *command]))
        yield


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
