"""Checks of what the settings name: secrets that everybody knows, providers that are none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from polar_django import checks
from tests.test_checks import _no_environment, with_settings  # noqa: F401 (a fixture)

PUBLISHED = re.compile(r"whsec_[A-Za-z0-9+/=]{24,}")


def _printed_secrets():
    root = Path(__file__).parents[1]
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("example_project/**/*.py")]
    return sorted({found for page in pages for found in PUBLISHED.findall(page.read_text("utf-8"))})


def test_a_secret_that_our_own_pages_print_is_an_error(settings):
    printed = _printed_secrets()
    assert len(printed) >= 2
    for secret in printed:
        with_settings(settings, WEBHOOK_SECRETS=["whsec_" + "x" * 44, f" {secret}\n"])
        (message,) = checks.check_published_secrets()
        assert message.id == "polar_django.E015"
        assert message.is_serious()
        assert secret not in f"{message.msg} {message.hint}"
    with_settings(settings, WEBHOOK_SECRETS=["whsec_" + "x" * 44])
    assert checks.check_published_secrets() == []


@pytest.mark.parametrize(
    ("debug", "flags", "stops"),
    [
        (False, [], True),
        (True, [], False),
        (True, ["--deploy"], True),
    ],
)
def test_a_published_secret_stops_what_is_not_development(debug, flags, stops):
    """Also where the test runner turns DEBUG off: the check is registered by what DEBUG was."""
    code = (
        "import django\n"
        "from django.conf import settings\n"
        f"settings.configure(DEBUG={debug}, USE_TZ=True, POLAR_DJANGO={{'ACCESS_TOKEN': 'x', "
        f"'WEBHOOK_SECRETS': ['{_printed_secrets()[0]}']}}, INSTALLED_APPS="
        "['django.contrib.contenttypes', 'django.contrib.auth', 'polar_django'])\n"
        "django.setup()\n"
        "settings.DEBUG = False\n"
        "from django.core.management import call_command\n"
        f"call_command('check', *{flags})\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert ("polar_django.E015" in done.stderr) == stops
    assert (done.returncode != 0) == stops


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "CLASS"),
        ({"BOOK": "red"}, "CLASS"),
        ("tests.billing.fake_provider.FakeProvider", "CLASS"),
        ({"CLASS": "tests.nowhere.Provider"}, "cannot be loaded"),
        ({"CLASS": "tests.test_checks.ids"}, "is no"),
    ],
)
def test_an_entry_of_providers_that_registers_nothing_is_an_error(settings, options, said):
    with_settings(settings, PROVIDERS={"mine": options})
    (message,) = checks.check_settings()
    assert message.id == "polar_django.E016"
    assert said in message.msg
    assert "'mine'" in message.msg


def test_options_for_our_own_provider_need_no_class(settings):
    with_settings(settings, PROVIDERS={"polar": {}})
    assert checks.check_settings() == []


@pytest.mark.parametrize(("name", "said"), [("polar", "has grants"), ("creem", "no provider")])
def test_a_policy_that_nothing_asks_for_is_an_error(settings, name, said):
    with_settings(settings, ACCESS={name: {"past_due_days": 3}})
    (message,) = checks.check_settings()
    assert message.id == "polar_django.E017"
    assert said in message.msg


def test_a_policy_is_for_a_provider_without_grants(settings):
    mine = {"CLASS": "tests.providers.test_access.Ledger"}
    with_settings(settings, PROVIDERS={"ledger": mine}, ACCESS={"ledger": {"past_due_days": 3}})
    assert checks.check_settings() == []
