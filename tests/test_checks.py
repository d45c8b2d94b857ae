import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry
from django.db import connection

from polar_django import checks
from polar_django.billing.changes import Proration
from polar_django.checks import deployment
from polar_django.conf import beat_schedule
from polar_django.providers.polar.connection import base_url
from tests.celery_app import app, broker


def ids(messages):
    return sorted(message.id.removeprefix("polar_django.") for message in messages)


def with_settings(settings, **changes):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, **changes}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("POLAR_ACCESS_TOKEN", raising=False)
    monkeypatch.delenv("POLAR_WEBHOOK_SECRET", raising=False)


def test_the_checks_are_registered_once_and_find_nothing_wrong_here():
    registered = [
        check for check in registry.get_checks(True) if check.__module__.startswith(checks.__name__)
    ]
    assert len(registered) == 6
    assert ids(m for m in run_checks(tags=["polar_django"]) if m.id.startswith("polar")) == []


def test_a_misspelt_setting_is_named_right(settings):
    settings.POLAR_DJANGO = {"ACESS_TOKEN": "x"}
    (message,) = checks.check_settings()
    assert message.id == "polar_django.E001"
    assert "'ACCESS_TOKEN'" in message.msg


def test_without_token_and_secret_there_are_two_warnings(settings):
    settings.POLAR_DJANGO = {}
    assert ids(checks.check_settings()) == ["W001", "W002"]


def test_an_empty_secret_is_none(settings):
    with_settings(settings, WEBHOOK_SECRETS=[""])
    assert ids(checks.check_settings()) == ["W002"]


def test_the_environment_counts(settings, monkeypatch):
    monkeypatch.setenv("POLAR_ACCESS_TOKEN", "polar_oat_x")
    monkeypatch.setenv("POLAR_WEBHOOK_SECRET", "whsec_" + "x" * 44)
    settings.POLAR_DJANGO = {}
    assert checks.check_settings() == []


def test_no_message_carries_a_secret(settings):
    with_settings(settings, ACCESS_TOKEN="polar_oat_verysecret", WEBHOOK_SECRETS="whsec_verysecret")
    assert "verysecret" not in str(checks.check_settings())


def test_another_default_provider_needs_no_polar_token(settings):
    settings.POLAR_DJANGO = {
        "DEFAULT_PROVIDER": "fake",
        "PROVIDERS": {"fake": {"CLASS": "tests.billing.fake_provider.FakeProvider"}},
    }
    assert checks.check_settings() == []


def test_a_provider_nobody_registered_is_an_error(settings):
    with_settings(settings, DEFAULT_PROVIDER="paypal")
    assert ids(checks.check_settings()) == ["E008"]


@pytest.mark.parametrize(
    "seats",
    [
        {"min_seats": 5, "max_seats": 2},
        {"seats": 1, "min_seats": 2},
        {"seats": 9, "max_seats": 8},
    ],
)
def test_seats_that_contradict_each_other_are_an_error(settings, seats):
    with_settings(settings, PLANS={"team": {"products": ["team"], **seats}})
    assert ids(checks.check_settings()) == ["E007"]


def test_a_product_that_looks_like_a_misspelt_key_is_a_warning(settings):
    with_settings(
        settings,
        PRODUCTS={"pro-monthly": "1"},
        PLANS={"pro": {"products": ["pro-montly", "pro-monthly", "quite-another"]}},
    )
    (message,) = checks.check_settings()
    assert message.id == "polar_django.W003"
    assert "Did you mean 'pro-monthly'" in message.msg


@pytest.mark.parametrize("path", ["tests.nowhere.function", "tests.test_checks.missing"])
def test_a_function_that_cannot_be_imported_is_an_error(settings, path):
    with_settings(settings, EMAIL_VERIFIED=path)
    assert ids(checks.check_settings()) == ["E006"]


def test_something_that_is_no_function_is_an_error(settings):
    with_settings(settings, EMAIL_VERIFIED="polar_django.checks.addresses._ADDRESSES")
    assert ids(checks.check_settings()) == ["E006"]


@pytest.mark.parametrize("server", ["prod", "api.polar.sh", "https://api.polar.sh/v1/", ""])
def test_a_server_that_is_none_is_an_error(settings, server):
    with_settings(settings, SERVER=server)
    assert ids(checks.check_settings()) == ["E011"]


@pytest.mark.parametrize("server", ["production", "sandbox", "http://127.0.0.1:8000/sandbox/"])
def test_a_server_may_be_a_word_or_an_address(settings, server):
    with_settings(settings, SERVER=server)
    assert checks.check_settings() == []
    assert base_url(server)


@pytest.mark.parametrize(
    ("proration", "found"),
    [("", []), *((word, []) for word in get_args(Proration)), ("prorated", ["E006"])],
)
def test_a_word_for_proration_that_nobody_knows_is_an_error(settings, proration, found):
    with_settings(settings, PRORATION=proration)
    assert ids(checks.check_settings()) == found


def test_a_function_for_proration_is_found(settings):
    with_settings(settings, PRORATION=lambda subscription, **_: None)
    assert checks.check_settings() == []


def test_a_subscriber_model_that_does_not_exist_is_an_error(settings):
    with_settings(settings, SUBSCRIBER_MODEL="teams.Nothing")
    assert "E002" in ids(checks.check_settings())


def test_team_subscribers_need_a_resolver_and_a_say_about_billing(settings):
    with_settings(settings, SUBSCRIBER_MODEL="auth.Group")
    assert ids(checks.check_settings()) == ["E004", "E005"]
    with_settings(
        settings,
        SUBSCRIBER_RESOLVER=lambda request: None,
        CAN_MANAGE_BILLING=lambda request, subscriber: False,
    )
    assert checks.check_settings() == []


def test_a_column_that_points_elsewhere_than_the_setting_is_an_error(db, settings):
    assert checks.check_subscriber_column(databases=["default"]) == []
    with_settings(settings, SUBSCRIBER_MODEL="auth.Group")
    (message,) = checks.check_subscriber_column(databases=["default"])
    assert message.id == "polar_django.E003"
    assert "auth_user" in message.msg


def test_the_column_is_looked_at_only_where_a_database_is_named(db, settings):
    with_settings(settings, SUBSCRIBER_MODEL="auth.Group")
    assert checks.check_subscriber_column(databases=None) == []


def test_before_the_first_migrate_the_column_is_no_matter(db, settings, monkeypatch):
    with_settings(settings, SUBSCRIBER_MODEL="auth.Group")
    monkeypatch.setattr(connection.introspection, "table_names", lambda cursor: [])
    assert checks.check_subscriber_column(databases=["default"]) == []


def test_addresses_that_are_not_included_are_a_warning(settings):
    assert checks.check_addresses() == []
    settings.ROOT_URLCONF = "polar_django.sandbox.urls"
    assert ids(checks.check_addresses()) == ["W004"]


@pytest.mark.parametrize("name", ["UPGRADE_URL", "SUCCESS_URL", "RETURN_URL", "LOGIN_URL"])
def test_an_address_of_an_unknown_name_is_an_error(settings, name):
    with_settings(settings, **{name: "no-such-page"})
    (message,) = checks.check_addresses()
    assert message.id == "polar_django.E009"
    assert name in message.msg


def test_what_is_for_development_only_is_said_when_deploying(settings):
    with_settings(settings, PROCESS_INLINE=True, SERVER="http://127.0.0.1:8000/sandbox")
    assert ids(checks.check_deployment()) == ["W005", "W006", "W007", "W010"]
    with_settings(settings, ACCESS_TOKEN="polar_oat_own", SERVER="production")
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "polar_django.sandbox"
    ]
    assert ids(checks.check_deployment()) == ["W006"]


@pytest.fixture
def deployed(settings):
    """A project as it should be deployed, but for what a test takes away."""
    with_settings(settings, ACCESS_TOKEN="polar_oat_own", SERVER="production")
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "polar_django.sandbox"
    ]
    settings.CELERY_BEAT_SCHEDULE = beat_schedule()
    with broker("redis://localhost:6379/0"):
        yield settings


def test_a_project_with_broker_and_schedule_may_be_deployed(deployed):
    assert checks.check_deployment() == []


def test_a_broker_in_memory_is_heard_by_no_worker(deployed):
    with broker("memory://"):
        assert ids(checks.check_deployment()) == ["W011"]


def test_an_application_that_django_does_not_load_is_told():
    """In a process of its own: this one has an application."""
    code = (
        "import django\n"
        "from django.conf import settings\n"
        "settings.configure(USE_TZ=True, POLAR_DJANGO={'ACCESS_TOKEN': 'x'}, INSTALLED_APPS="
        "['django.contrib.contenttypes', 'django.contrib.auth', 'polar_django'])\n"
        "django.setup()\n"
        "from polar_django.checks import check_deployment\n"
        "print([message.id for message in check_deployment()])\n"
        "from celery import Celery\n"
        "app = Celery('mysite')\n"
        "print([message.id for message in check_deployment()])\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    environment.pop("CELERY_BROKER_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    before, after = done.stdout.splitlines()
    assert "polar_django.W012" in before
    assert "polar_django.W012" not in after


def test_a_missing_sweeper_is_named_whatever_its_entry_would_be_called(deployed):
    schedule = {f"mine-{name}": entry for name, entry in beat_schedule().items()}
    deployed.CELERY_BEAT_SCHEDULE = schedule
    assert checks.check_deployment() == []
    del schedule["mine-polar_django.sweep_inbox"]
    (message,) = checks.check_deployment()
    assert message.id == "polar_django.W008"
    assert "polar_django.tasks.sweep_inbox" in message.msg
    assert "tasks.reconcile" not in message.msg


def test_the_schedule_of_the_celery_app_counts(deployed):
    deployed.CELERY_BEAT_SCHEDULE = {}
    app.conf.beat_schedule = beat_schedule()
    try:
        assert checks.check_deployment() == []
    finally:
        app.conf.beat_schedule = {}
    assert ids(checks.check_deployment()) == ["W008"]


def test_a_schedule_in_the_database_is_left_to_the_doctor(deployed, monkeypatch):
    deployed.CELERY_BEAT_SCHEDULE = {}
    monkeypatch.setattr(deployment, "keeps_schedule_in_database", lambda: True)
    assert checks.check_deployment() == []


def test_processing_inline_needs_neither_broker_nor_schedule(deployed):
    deployed.CELERY_BEAT_SCHEDULE = {}
    with_settings(deployed, PROCESS_INLINE=True)
    assert ids(checks.check_deployment()) == ["W006"]


def test_a_secret_that_can_be_guessed_is_a_warning(settings):
    with_settings(settings, WEBHOOK_SECRETS=["whsec_" + "x" * 44, "hunter2"])
    (message,) = checks.check_settings()
    assert message.id == "polar_django.W009"
    assert "hunter2" not in f"{message.msg} {message.hint}"


def test_a_project_without_time_zones_is_an_error(settings):
    settings.USE_TZ = False
    assert ids(checks.check_settings()) == ["E010"]


def test_every_message_has_a_hint(settings):
    settings.POLAR_DJANGO = {
        "PROCESS_INLINE": True,
        "PLANS": {"x": {"products": ["y"], "seats": 3}},
    }
    for message in [*checks.check_settings(), *checks.check_deployment()]:
        assert message.hint


def test_the_page_about_checks_names_exactly_those_there_are():
    page = (Path(__file__).parents[1] / "docs" / "checks.md").read_text("utf-8")
    rows = re.findall(r"^\| `polar_django\.([EW]\d+)` \| (.+) \| (.+) \|$", page, re.MULTILINE)
    described = [number for number, _, _ in rows]
    source = "".join(file.read_text("utf-8") for file in Path(checks.__file__).parent.glob("*.py"))
    used = set(re.findall(r'id="polar_django\.([EW]\d+)"', source))
    used |= set(re.findall(r'"\(request.*", "([EW]\d+)"\)', source))
    assert len(described) == len(set(described))
    assert set(described) == used
    assert all(what.strip() and fix.strip() for _, what, fix in rows)


def test_manage_py_check_shows_a_misspelt_setting():
    code = (
        "import django\n"
        "from django.conf import settings\n"
        "settings.configure(USE_TZ=True, POLAR_DJANGO={'ACESS_TOKEN': 'x'}, INSTALLED_APPS="
        "['django.contrib.contenttypes', 'django.contrib.auth', 'polar_django'])\n"
        "django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('check')\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode != 0
    assert "Did you mean 'ACCESS_TOKEN'" in done.stderr


def test_guests_are_nobodys_where_no_address_is_ever_verified(settings):
    plan = {"products": ["ebook"], "guests": True}
    with_settings(settings, PLANS={"ebook": plan})
    assert ids(checks.check_settings()) == ["W013"]
    with_settings(settings, EMAIL_VERIFIED=lambda user: True)
    assert ids(checks.check_settings()) == []


@pytest.mark.parametrize(
    "plans",
    [
        "no.such.module",
        {"pro": "no.such.module"},
        {"pro": {"products": ["pro"], "prices": "no.such.module"}},
    ],
)
def test_a_function_for_plans_that_cannot_be_imported_is_found(settings, plans):
    with_settings(settings, PLANS=plans)
    assert ids(checks.check_settings()) == ["E006"]
