"""A customer's page shows each member of staff what they may view in lists, and no more."""

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from polar_django.billing import grant_benefit
from polar_django.models import (
    Customer,
    LicenseKey,
    Member,
    Order,
    Refund,
    Seat,
    Subscription,
    WebhookDelivery,
)
from tests.admin.clicking import confirm, page
from tests.webhooks.deliveries import stored

pytestmark = pytest.mark.django_db

# What each permission shows, in words that stand on the page for no other reason.
SHOWN = {
    "view_subscription": 'id="polar-subscriptions"',
    "view_benefitgrant": "Promised on the phone",
    "view_order": 'id="polar-orders"',
    "view_refund": "duplicate invoice",
    "view_licensekey": "****-KEY7",
    "view_member": "owner of the team",
    "view_seat": 'id="polar-seats"',
    "view_checkoutsession": 'id="polar-checkouts"',
    "view_webhookdelivery": "KeyError: seven",
    "view_transition": "A benefit was granted",
}


@pytest.fixture
def whole(customer, ada, chief) -> Customer:
    """A customer with one of everything."""
    now = timezone.now()
    grant_benefit(ada, "vip", reason="Promised on the phone")
    order = Order.objects.get()
    own = {"provider": "polar", "customer": customer, "created_at": now, "synced_at": now}
    Refund.objects.create(id="ref_1", order=order, reason="duplicate_invoice", amount=1, **own)
    LicenseKey.objects.create(id="lic_1", display_key="****-KEY7", **own)
    Customer.objects.update(type="team")
    Member.objects.create(id="mem_1", role="owner of the team", **own)
    Seat.objects.create(id="seat_1", status="pending", **own)
    row = stored(customer.pk.encode())
    WebhookDelivery.objects.filter(pk=row.pk).update(state="dead", error="KeyError: seven")
    return customer


def test_who_may_view_customers_alone_sees_who_this_is(staff, whole, chief):
    text = staff("view_customer").get(page(Customer, "change", whole.pk)).content.decode()
    everything = chief.get(page(Customer, "change", whole.pk)).content.decode()
    assert whole.pk in text
    for codename, words in SHOWN.items():
        assert words in everything, codename
        assert words not in text, codename
    assert "could not be processed" in everything
    assert "could not be processed" not in text


@pytest.mark.parametrize("codename", SHOWN)
def test_each_permission_shows_its_own_rows(staff, whole, codename):
    client = staff("view_customer", codename)
    text = client.get(page(Customer, "change", whole.pk)).content.decode()
    assert [other for other, words in SHOWN.items() if words in text] == [codename]


def test_what_colleagues_did_is_told_of_rows_that_may_be_viewed(staff, whole, chief):
    confirm(chief, whole, "resync", note="Called on Monday")
    confirm(chief, Subscription.objects.get(), "cancel", note="Sorry for the goat")
    assert LogEntry.objects.count() == 2
    address = page(Customer, "change", whole.pk)
    text = staff("view_customer").get(address).content.decode()
    assert "Called on Monday" in text
    assert "Sorry for the goat" not in text
    text = staff("view_customer", "view_subscription").get(address).content.decode()
    assert "Sorry for the goat" in text
