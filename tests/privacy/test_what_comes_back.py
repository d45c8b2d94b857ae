"""What names an erased person again, or lies where nobody looks: seats, lists, spellings."""

from typing import Any

import pytest
from django.utils import timezone

from polar_django.billing import ensure_customer
from polar_django.models import (
    CheckoutSession,
    Customer,
    Member,
    Seat,
    Subscription,
    Transition,
    WebhookDelivery,
)
from polar_django.privacy import erase_subscriber, export_subscriber
from polar_django.tasks import purge_inbox
from polar_django.webhooks import processing
from tests.mirror.losses import differences, mend
from tests.privacy.test_privacy import bought, everything_stored
from tests.webhooks.deliveries import body_of, stored

pytestmark = pytest.mark.django_db

INVITED = "guest.of.ada@example.com"


@pytest.fixture
def shop(sandbox: Any, settings: Any) -> Any:
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda user: True}
    return sandbox


def seated(shop: Any, owner: Any, email: str = INVITED) -> str:
    """A seat of the owner's team that somebody has taken; its id."""
    customer = ensure_customer(owner)
    shop.buy("team", customer_id=customer.pk, seats=3)
    shop.deliver()
    bought_seats = Subscription.objects.get(customer=customer)
    body = {"subscription_id": bought_seats.pk, "email": email, "immediate_claim": True}
    answer = shop.api.post("/v1/customer-seats", json=body)
    assert answer.status_code == 200, answer.text
    shop.deliver()
    return str(answer.json()["id"])


def revoke(shop: Any, seat_id: str) -> None:
    assert shop.api.delete(f"/v1/customer-seats/{seat_id}").status_code == 200
    shop.deliver()


def test_who_held_a_revoked_seat_of_the_team_is_forgotten_too(shop, ada):
    revoke(shop, seated(shop, ada))
    seat = Seat.objects.get(status="revoked")
    assert (seat.customer_id, seat.last_email) == (None, INVITED)

    erase_subscriber(ada)
    shop.deliver()
    purge_inbox()

    assert INVITED not in everything_stored()


def test_an_export_knows_the_revoked_seats_of_the_team(shop, ada):
    seat_id = seated(shop, ada)
    revoke(shop, seat_id)

    assert seat_id in {row["id"] for row in export_subscriber(ada)["seats"]}


def test_a_seat_that_another_team_has_revoked_names_its_former_holder_no_more(shop, ada, grace):
    seat_id = seated(shop, grace, email=ada.email)
    Member.objects.filter(email=ada.email).update(user=ada)
    revoke(shop, seat_id)
    assert seat_id in {row["id"] for row in export_subscriber(ada)["seats"]}

    erased = erase_subscriber(ada)

    assert erased.seats == 0
    assert Seat.objects.get(pk=seat_id).last_email is None


def test_a_reconcile_does_not_bring_back_what_was_forgotten(shop, ada):
    """The provider keeps its checkouts and orders as they are, and goes on listing them."""
    bought(shop, ada)
    erase_subscriber(ada)
    shop.deliver()
    purge_inbox()

    mend()

    assert ada.email not in everything_stored()
    assert differences() == {}


def test_what_changes_later_is_still_mirrored(shop, ada):
    customer = bought(shop, ada)
    erase_subscriber(ada)
    shop.deliver()
    CheckoutSession.objects.filter(customer=customer).update(status="open")

    mend()

    assert set(CheckoutSession.objects.values_list("status", flat=True)) == {"succeeded"}


def test_an_address_is_found_however_it_was_typed(shop, ada):
    bought(shop, ada)
    typed = stored(body_of("checkout.updated", id="chk_1", customer_email="ADA@Example.com"))
    processing.drain()

    erase_subscriber(ada)

    typed.refresh_from_db()
    assert bytes(typed.body) == b""


def test_a_second_run_finds_what_names_the_address_alone(shop, ada):
    bought(shop, ada)
    late = stored(body_of("checkout.updated", id="chk_1", customer_email=ada.email))
    assert erase_subscriber(ada).waiting == 1
    processing.drain()

    assert erase_subscriber(ada).waiting == 0

    late.refresh_from_db()
    assert bytes(late.body) == b""


def test_a_handler_still_hears_of_a_delivery_that_is_to_be_emptied(shop, ada):
    bought(shop, ada)
    told = WebhookDelivery.objects.filter(type="order.paid").get()
    waiting = Transition.objects.create(
        name="order.paid",
        provider="polar",
        object_type="webhookdelivery",
        object_id=str(told.pk),
        delivery=told,
        source="delivery",
        state="failed",
        happened_at=timezone.now(),
        recorded_at=timezone.now(),
        due_at=timezone.now(),
    )

    assert erase_subscriber(ada).waiting == 1
    told.refresh_from_db()
    assert told.body

    Transition.objects.filter(pk=waiting.pk).update(state="sent")
    assert erase_subscriber(ada).waiting == 0
    told.refresh_from_db()
    assert bytes(told.body) == b""
    assert not Customer.objects.filter(email=ada.email).exists()
