import json
import re
import subprocess
import sys
import zlib
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import override_settings

from polar_django.sandbox import cards, clients, tokens
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import WebhookEvent
from tests.sandbox.conftest import Shop

FRESH_START = """
import sys, django
from django.conf import settings
settings.configure(DEBUG=True, INSTALLED_APPS=["django.contrib.contenttypes",
                   "polar_django.sandbox"])
django.setup()
print([name for name in ("httpx", "ninja", "pydantic", "polar_django.conf", "polar_django.models")
       if name in sys.modules])
"""


def test_django_starts_without_loading_anything_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FRESH_START], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@override_settings(DEBUG=False, POLAR_SANDBOX={})
def test_it_refuses_to_run_in_production() -> None:
    with pytest.raises(ImproperlyConfigured, match="must not run in production"):
        apps.get_app_config("polar_sandbox").ready()


@override_settings(DEBUG=False, POLAR_SANDBOX={"ALLOW_WITHOUT_DEBUG": True})
def test_it_runs_without_debug_where_that_was_allowed() -> None:
    apps.get_app_config("polar_sandbox").ready()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"WEBHOK_URL": "x"}, "Did you mean 'WEBHOOK_URL'"),
        ({"AUTO_DELIVER": "no"}, "must be of type bool"),
        ({"WEBHOOK_URL": "http://x"}, "WEBHOOK_URL and WEBHOOK_SECRET together"),
        ([], "must be a dict"),
    ],
)
def test_a_wrong_setting_is_named(given: Any, message: str) -> None:
    with override_settings(POLAR_SANDBOX=given), pytest.raises(ImproperlyConfigured, match=message):
        get_settings()


def test_a_token_carries_its_prefix_and_checksum() -> None:
    token = tokens.make_token(tokens.CHECKOUT)

    assert re.fullmatch(r"polar_c_[0-9A-Za-z]{43}", token)
    body, checksum = token[len("polar_c_") : -6], token[-6:]
    number = 0
    for digit in checksum:
        number = number * 62 + tokens.ALPHABET.index(digit)
    assert number == zlib.crc32(body.encode())


def test_a_cards_number_never_stands_in_the_error() -> None:
    with pytest.raises(cards.UnknownCard) as refused:
        cards.token_for("4111 1111 1111 1111")

    assert "4111" not in repr(refused.value)
    assert cards.find_card(cards.token_for("4000 0000 0000 0002")).behaviour == "declines"


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    types: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        types.append(request.content.decode().split('"')[3])
        return httpx.Response(202)

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(clients, "open_client", lambda: httpx.Client(transport=transport))
    return types


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("polar_sandbox", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_moves_the_clock_and_sends_what_follows(
    shop: Shop, received: list[str]
) -> None:
    shop.buy(shop.pro)
    run("flush")
    received.clear()

    answer = run("--json", "advance", "--days", "31")

    assert '"steps": 1' in answer
    assert received[:2] == ["subscription.cycled", "subscription.updated"]


def test_the_command_seeds_and_sends_what_follows(
    db: None, received: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text('[benefits.pro]\ndescription = "Everything in Pro"\n')

    answer = json.loads(run("--json", "seed", str(file)))

    assert received == ["benefit.created"]
    assert list(answer["benefits"]) == ["pro"]
    assert answer["delivered"] == 1


def test_the_command_says_where_a_catalogue_is_wrong(db: None, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text('[benefits.pro]\ndescription = "P"\n')

    with pytest.raises(CommandError, match=r"benefits\.pro\.custom\.description: "):
        run("seed", str(file))


@pytest.mark.parametrize("to", ["9999-12-31T00:00:00Z", "2030-13-01T00:00:00Z", "tomorrow"])
def test_the_command_refuses_a_time_that_is_none(db: None, to: str) -> None:
    with pytest.raises(CommandError):
        run("advance", "--to", to)


def test_the_command_advances_by_nothing(db: None) -> None:
    assert "steps: 0" in run("advance")


def test_the_command_triggers_an_event_of_the_newest_object(
    shop: Shop, received: list[str]
) -> None:
    shop.buy(shop.pro)
    run("flush")
    received.clear()

    assert "delivered: 1" in run("trigger", "order.paid")

    assert received == ["order.paid"]


@pytest.mark.parametrize("event", ["order.eaten", "refund.created", "customer_seat.claimed"])
def test_the_command_says_what_cannot_be_triggered(shop: Shop, event: str) -> None:
    with pytest.raises(CommandError, match=r"There is no"):
        run("trigger", event)


def test_the_command_resets(shop: Shop) -> None:
    run("reset")

    assert not WebhookEvent.objects.exists()


def test_it_runs_alone_with_a_file_of_its_own(tmp_path: Path) -> None:
    def alone(*arguments: str) -> subprocess.CompletedProcess[str]:
        database = str(tmp_path / "alone.sqlite3")
        command = [sys.executable, "-m", "polar_django.sandbox", "--database", database]
        return subprocess.run([*command, *arguments], capture_output=True, text=True)

    first = alone("--json", "advance", "--days", "400")
    second = alone("--json", "advance", "--days", "1")
    wrong = alone("dance")

    assert first.returncode == second.returncode == 0, first.stderr
    assert json.loads(first.stdout)["now"] < json.loads(second.stdout)["now"]
    assert wrong.returncode != 0
    assert "invalid choice" in wrong.stderr
    assert "Traceback" not in wrong.stderr
