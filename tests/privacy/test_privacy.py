"""Export and erasure, with the sandbox as provider: what is told, what is forgotten, what stays."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from polar_django.billing import ensure_customer, grant_benefit
from polar_django.models import (
    BenefitGrant,
    Customer,
    Order,
    Subscription,
    UsageEvent,
    WebhookDelivery,
)
from polar_django.privacy import (
    erase_subscriber,
    erase_unclaimed,
    export_subscriber,
    export_unclaimed,
)
from polar_django.tasks import purge_inbox
from polar_django.usage import record_usage
from polar_django.webhooks.inbox import empty_bodies_about
from tests.webhooks.deliveries import stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(sandbox: Any, settings: Any) -> Any:
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda user: True}
    return sandbox


@pytest.fixture
def eve(db: None) -> Any:
    return get_user_model().objects.create_user("eve", "eve@example.com", "secret")


def bought(shop: Any, user: Any, product: str = "pro-monthly") -> Customer:
    customer = ensure_customer(user)
    shop.buy(product, customer_id=customer.pk)
    shop.deliver()
    grant_benefit(user, "beta", reason="Ada asked for it by phone")
    record_usage(user, "ai", {"prompt": "about Ada"})
    customer.refresh_from_db()
    return customer


def everything_stored() -> str:
    """All our rows as one text, in which nobody's name may be left."""
    return "\n".join(
        " ".join(_text(value) for value in row.values())
        for table in apps.get_app_config("polar_django").get_models()
        for row in table._default_manager.values()
    )


def _text(value: Any) -> str:
    return (
        bytes(value).decode("utf-8", "replace")
        if isinstance(value, bytes | memoryview)
        else str(value)
    )


def test_an_export_holds_every_table_as_json_and_no_secrets(shop, ada):
    customer = bought(shop, ada)

    found = export_subscriber(ada)

    assert json.loads(json.dumps(found)) == found
    assert [row["id"] for row in found["customers"]] == [customer.pk]
    assert found["customers"][0]["email"] == ada.email
    assert found["subscriptions"][0]["status"] == "active"
    assert found["orders"][0]["total_amount"] == Order.objects.get().total_amount
    assert {row["reason"] for row in found["benefit_grants"]} >= {"Ada asked for it by phone"}
    assert found["usage_events"][0]["metadata"] == {"prompt": "about Ada"}
    assert "subscription_activated" in {row["name"] for row in found["timeline"]}
    assert {row["type"] for row in found["deliveries"]} >= {"subscription.created"}
    assert "client_secret" not in json.dumps(found)


def test_an_export_is_about_nobody_else(shop, ada, eve):
    bought(shop, ada)
    bought(shop, eve)

    found = json.dumps(export_subscriber(ada))

    assert ada.email in found
    assert eve.email not in found
    assert Customer.objects.get(subscriber=eve).pk not in found


def test_the_export_of_somebody_who_never_bought_is_empty(shop, ada):
    assert not any(export_subscriber(ada).values())


def test_an_erased_person_is_named_nowhere_and_the_books_stay(shop, ada):
    customer = bought(shop, ada)
    before = Order.objects.get()
    assert ada.email in everything_stored()

    erased = erase_subscriber(ada)
    assert ada.email not in everything_stored()
    shop.deliver()  # what the provider tells of the end names them once more
    purge_inbox()

    left = everything_stored()
    assert ada.email not in left
    assert "A Buyer" not in left
    assert "phone" not in left
    assert (erased.customers, erased.waiting, erased.seats) == (1, 0, 0)
    assert erased.deliveries > 0
    assert not UsageEvent.objects.exists()
    order = Order.objects.get()
    assert order.invoice_number == before.invoice_number
    assert order.total_amount == before.total_amount
    assert order.line_items == before.line_items
    assert order.line_items
    customer.refresh_from_db()
    assert customer.erased_at is not None
    assert customer.deleted_at is not None
    assert Subscription.objects.get().has_ended
    assert not BenefitGrant.objects.active().filter(customer=customer).exists()


def test_the_provider_has_forgotten_them_too(shop, ada):
    customer = bought(shop, ada)

    erase_subscriber(ada)

    assert shop.api.get(f"/v1/customers/{customer.pk}").status_code == 404
    listed = shop.api.get("/v1/orders/", params={"customer_id": customer.pk})
    assert ada.email not in listed.text


def test_nobody_else_loses_anything(shop, ada, eve):
    bought(shop, ada)
    hers = bought(shop, eve)

    erase_subscriber(ada)

    hers.refresh_from_db()
    assert (hers.email, hers.erased_at) == (eve.email, None)
    assert BenefitGrant.objects.active().filter(subscriber=eve).exists()
    assert UsageEvent.objects.filter(subscriber=eve).exists()
    assert any(eve.email.encode() in bytes(row.body) for row in WebhookDelivery.objects.all())


def test_twice_is_as_good_as_once(shop, ada):
    bought(shop, ada)
    erase_subscriber(ada)

    again = erase_subscriber(ada)

    assert (again.customers, again.usage_events, again.deliveries) == (1, 0, 0)


def test_what_is_still_to_be_worked_off_is_left_and_told_of(shop, ada):
    bought(shop, ada)
    row = WebhookDelivery.objects.filter(type="order.paid").get()
    WebhookDelivery.objects.filter(pk=row.pk).update(
        state="failed", due_at=timezone.now() + timedelta(hours=1)
    )

    assert erase_subscriber(ada).waiting == 1

    row.refresh_from_db()
    assert row.body
    WebhookDelivery.objects.filter(pk=row.pk).update(state="processed")
    erase_subscriber(ada)
    assert ada.email not in everything_stored()


def test_what_comes_later_is_forgotten_again(shop, ada):
    customer = bought(shop, ada)
    erase_subscriber(ada)
    Order.objects.filter(customer=customer).update(
        raw={"billing_name": "A Buyer", "items": []}, synced_at=timezone.now()
    )

    purge_inbox()

    assert "A Buyer" not in everything_stored()


def test_the_provider_comes_first_so_that_a_failure_forgets_nothing(
    shop, ada, settings, monkeypatch
):
    customer = bought(shop, ada)

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("polar_django.privacy.erasing.delete_customer", refuse)
    with pytest.raises(ConnectionError):
        erase_subscriber(ada)
    customer.refresh_from_db()
    assert customer.email == ada.email


@pytest.fixture
def guest(shop: Any) -> Customer:
    """Somebody who bought without an account, beside others who have one."""
    shop.buy("pro-monthly", customer_email="guest@example.com")
    shop.deliver()
    return Customer.objects.get(email="guest@example.com")


def test_a_guest_is_exported_and_forgotten_and_nobody_else(guest, shop, ada):
    bought(shop, ada)
    assert guest.subscriber is None

    found = export_unclaimed(guest)
    assert [row["id"] for row in found["customers"]] == [guest.pk]
    assert found["subscriptions"][0]["status"] == "active"
    assert found["timeline"]
    assert found["usage_events"] == []
    assert ada.email not in json.dumps(found)

    erased = erase_unclaimed(guest)
    shop.deliver()
    purge_inbox()
    assert (erased.customers, erased.usage_events, erased.seats) == (1, 0, 0)
    assert "guest@example.com" not in everything_stored()
    assert export_subscriber(ada)["customers"][0]["email"] == ada.email


def test_who_is_no_subscriber_is_refused_in_words(shop, ada):
    team = Group.objects.create(name="writers")
    for refuse in (export_subscriber, erase_subscriber):
        with pytest.raises(TypeError, match="seat"):
            refuse(team)


@pytest.mark.parametrize(
    ("body", "is_about"),
    [
        (b'{"email":"ann@x.com"}', True),
        (b'{"email":"Ann@X.com"}', True),
        (b'{"email":"joann@x.com"}', False),
        (b'{"email":"jo.ann@x.com"}', False),
        (b'{"email":"o\'ann@x.com"}', False),
        (b'{"email":"ann@x.com.au"}', False),
        (b'{"email":"ann@x.community"}', False),
        ('{"email":"ren\u00e9ann@x.com"}'.encode(), False),
        (b'{"note":"To:\\nann@x.com."}', True),
        (b'{"note":"\\u003cann@x.com\\u003e"}', True),
        (b'{"note":"mail \'ann@x.com\', please"}', True),
        (b'{"url":"https://x.example/?email=ann@x.com&a=1"}', True),
        (b'{"id":"cus_1"}', True),
        (b'{"id":"cus_12"}', False),
        (b'{"id":"xcus_1"}', False),
        (b'{"url":"/customers/cus_1/orders"}', True),
        (b'{"email":"joann@x.com","other":"ann@x.com"}', True),
    ],
)
def test_a_delivery_is_about_whom_it_names_whole(db, body, is_about):
    row = stored(body)
    WebhookDelivery.objects.filter(pk=row.pk).update(state="processed")
    assert empty_bodies_about(["ann@x.com", "cus_1", ""]) == (int(is_about), 0)
    row.refresh_from_db()
    assert bytes(row.body) == (b"" if is_about else body)


class TestCommand:
    def test_an_export_is_written_to_a_file(self, shop, ada, tmp_path):
        bought(shop, ada)
        file = tmp_path / "ada.json"
        call_command(
            "polar_privacy", "export", ada.username, "--output", str(file), "--with-provider"
        )
        written = json.loads(file.read_text("utf-8"))
        assert written["here"]["customers"][0]["email"] == ada.email
        assert written["provider"]["customer"]["email"] == ada.email

    def test_nobody_is_erased_unasked(self, shop, ada, monkeypatch):
        customer = bought(shop, ada)
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        with pytest.raises(CommandError, match="--yes"):
            call_command("polar_privacy", "erase", ada.username)
        customer.refresh_from_db()
        assert customer.erased_at is None

    def test_with_yes_it_says_what_it_did(self, shop, ada, capsys):
        bought(shop, ada)
        call_command("polar_privacy", "erase", str(ada.pk), "--yes", "--json")
        told = json.loads(capsys.readouterr().out)
        assert (told["customers"], told["whom"]) == (1, f"ada (user {ada.pk})")

    def test_it_asks_by_name_and_key(self, shop, ada, monkeypatch, capsys):
        bought(shop, ada)
        asked = []
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or "y")
        call_command("polar_privacy", "erase", str(ada.pk))
        assert f"ada (user {ada.pk})" in asked[0]
        assert f"ada (user {ada.pk}) is forgotten: 1 customers" in capsys.readouterr().out

    @pytest.mark.parametrize("action", [["export"], ["erase", "--yes"]])
    def test_the_key_of_one_that_is_the_name_of_another_is_refused(self, shop, ada, eve, action):
        bought(shop, ada)
        get_user_model().objects.filter(pk=eve.pk).update(username=str(ada.pk))
        with pytest.raises(CommandError, match=f"pk={ada.pk} or name={ada.pk}"):
            call_command("polar_privacy", *action, str(ada.pk))
        assert not Customer.objects.filter(erased_at__isnull=False).exists()
        call_command("polar_privacy", "erase", f"name={ada.pk}", "--yes")
        assert not Customer.objects.filter(erased_at__isnull=False).exists()
        call_command("polar_privacy", "erase", f"pk={ada.pk}", "--yes")
        assert Customer.objects.get().erased_at is not None

    def test_a_guest_is_exported_by_the_customers_id(self, guest, capsys):
        call_command("polar_privacy", "export", "--customer", guest.pk, "--with-provider")
        written = json.loads(capsys.readouterr().out)
        assert written["here"]["customers"][0]["email"] == "guest@example.com"
        assert written["provider"]["customer"]["email"] == "guest@example.com"

    def test_a_guest_is_forgotten_by_the_customers_id(self, guest, capsys):
        call_command("polar_privacy", "erase", "--customer", guest.pk, "--yes")
        said = capsys.readouterr().out
        assert f"guest@example.com (customer {guest.pk}) is forgotten: 1 customers" in said
        assert "guest@example.com" not in everything_stored()

    @pytest.mark.parametrize("action", [["export"], ["erase", "--yes"]])
    def test_the_customer_of_a_subscriber_is_not_taken_alone(self, shop, ada, action):
        customer = bought(shop, ada)
        with pytest.raises(CommandError, match=f"the key {ada.pk}"):
            call_command("polar_privacy", *action, "--customer", customer.pk)
        customer.refresh_from_db()
        assert customer.erased_at is None

    def test_a_customer_that_is_not_there_is_an_error(self, db):
        with pytest.raises(CommandError, match="no customer 'cus_x'"):
            call_command("polar_privacy", "export", "--customer", "cus_x")

    def test_somebody_unknown_is_an_error(self, db):
        with pytest.raises(CommandError, match="no subscriber 'nobody'"):
            call_command("polar_privacy", "export", "nobody")
