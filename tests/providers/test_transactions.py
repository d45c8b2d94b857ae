import logging

import pytest
from django.db import connection, transaction

from polar_django.exceptions import UnsafeTransaction
from polar_django.providers import transactions
from polar_django.providers.transactions import check_transaction, is_loopback
from tests.providers.fakes import Server, answer, transport


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch):
    monkeypatch.setattr(transactions, "_told", set())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "shop.localhost"])
def test_these_are_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["api.polar.sh", "10.0.0.1", "localhost.example.com", ""])
def test_these_are_not(host):
    assert not is_loopback(host)


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_every_call_is_fine(caplog):
    check_transaction("GET /v1/x", "127.0.0.1")
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]


@pytest.mark.django_db(transaction=True)
def test_a_call_within_a_transaction_is_told_once_for_each_kind(caplog):
    caplog.set_level(logging.WARNING)
    with transaction.atomic():
        check_transaction("GET /v1/x", "api.example.com")
        check_transaction("GET /v1/x", "api.example.com")
        check_transaction("GET /v1/y", "api.example.com")
    assert [record.message.split(" is")[0] for record in caplog.records] == [
        "GET /v1/x",
        "GET /v1/y",
    ]


@pytest.mark.django_db
def test_the_transaction_around_a_test_is_not_told(caplog):
    check_transaction("GET /v1/x", "api.example.com")
    assert caplog.text == ""


@pytest.mark.django_db(transaction=True)
def test_the_sandbox_on_sqlites_one_lock_is_refused_at_once(settings):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has one lock for all")
    with transaction.atomic(), pytest.raises(UnsafeTransaction, match="on_commit"):
        transport(base_url="http://127.0.0.1:9/sandbox").request("GET", "/v1/products/")
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "polar_django.sandbox"
    ]
    with transaction.atomic():
        check_transaction("GET /v1/x", "127.0.0.1")


@pytest.mark.django_db(transaction=True)
def test_a_transport_within_this_thread_is_never_refused(caplog):
    with transaction.atomic(), Server(answer()):
        transport(base_url="http://127.0.0.1:9/sandbox").request("GET", "/v1/products/")
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]
