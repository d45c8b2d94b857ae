"""`manage.py polar_sandbox`: the sandbox from the command line."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from polar_django.sandbox import clients, clock, delivery, shapes, trigger
from polar_django.sandbox.engine import schedule
from polar_django.sandbox.errors import SandboxError
from polar_django.sandbox.reset import reset
from polar_django.sandbox.seed import seed_file
from polar_django.sandbox.serving import server_command


class Command(BaseCommand):
    help = "Work with the Polar sandbox: serve, seed, advance, trigger, flush, reset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        actions = parser.add_subparsers(dest="action", required=True)
        serve = actions.add_parser("serve", help="migrate and run the development server")
        serve.add_argument("--port", type=int, default=9000)
        seed = actions.add_parser("seed", help="make the catalogue of a TOML file, and send")
        seed.add_argument("file", type=Path)
        advance = actions.add_parser("advance", help="move the clock, and let what is due happen")
        advance.add_argument("--days", type=float, default=0)
        advance.add_argument("--hours", type=float, default=0)
        advance.add_argument("--to", help="an ISO 8601 time with its zone")
        trigger_action = actions.add_parser("trigger", help="send one event again, as a new event")
        trigger_action.add_argument("event", help="for example order.paid")
        actions.add_parser("flush", help="send everything that is due")
        actions.add_parser("reset", help="delete everything, and go back to real time")

    def handle(self, *args: Any, **options: Any) -> None:
        actions = {
            "serve": self.serve,
            "seed": self.seed,
            "advance": self.advance,
            "trigger": self.trigger,
            "flush": self.flush,
            "reset": self.reset,
        }
        try:
            answer = actions[options["action"]](options)
        except SandboxError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in answer.items()))

    def serve(self, options: dict[str, Any]) -> dict[str, Any]:
        call_command("migrate", verbosity=0)
        # Django's own server hands out static files with DEBUG only, unless told so.
        address = f"127.0.0.1:{options['port']}"
        call_command(server_command(), address, use_reloader=False, insecure_serving=True)
        return {}

    def seed(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        with clients.kept_client():
            return {**seed_file(options["file"]), **self.flush(options)}

    def advance(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["to"]:
            steps = schedule.move_to(_time(options["to"]), deliver=True)
        else:
            steps = schedule.advance(days=options["days"], hours=options["hours"], deliver=True)
        return {"now": shapes.moment(clock.now()), "steps": steps}

    def trigger(self, options: dict[str, Any]) -> dict[str, Any]:
        with clients.kept_client():
            event = trigger.trigger(options["event"])
            return {"type": event, **self.flush(options)}

    def flush(self, options: dict[str, Any]) -> dict[str, Any]:
        counts = delivery.flush()
        return {
            "delivered": counts.delivered,
            "failed": counts.failed,
            "skipped": counts.skipped,
        }

    def reset(self, options: dict[str, Any]) -> dict[str, Any]:
        reset()
        return {"now": shapes.moment(clock.now())}


def _time(text: str) -> datetime:
    try:
        time = parse_datetime(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise CommandError("--to needs an ISO 8601 time with its zone.")
    return time
