"""`python -m tests.chaos.shop PORT`: the web process that receives the deliveries."""

import os
import sys
import threading

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from polar_django.sandbox.serving import PromptServer

# Imported so that the web process publishes through the run's broker, as a project does it.
from tests.celery_app import app as celery_app

__all__ = ["celery_app"]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """No line per request: the log is for what went wrong."""


class _Server(PromptServer, ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 64


def main(port: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")
    django.setup()
    server = _Server(("127.0.0.1", port), _QuietHandler)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Serving on {port}.", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
