"""Names are compared letter by letter, and any text is kept as it came, whatever the database."""

from datetime import UTC, datetime

import pytest

from polar_django.entitlements import entitlements_for, has_benefit
from polar_django.entitlements.keys import grants_of_key
from polar_django.mirror import locks
from polar_django.models import (
    Benefit,
    BenefitGrant,
    Customer,
    Product,
    UsageEvent,
    WebhookDelivery,
    WriteLock,
)
from polar_django.models.fields import ID_LENGTH
from polar_django.providers.base import Envelope
from polar_django.snapshots import BenefitSnapshot, ProductSnapshot
from polar_django.usage import record_usage
from polar_django.webhooks import inbox
from tests.entitlements.worlds import again, benefit, grant
from tests.mirror.worlds import apply, customer, event

pytestmark = pytest.mark.django_db

# What MySQL's and MariaDB's usual collations take for "pro".
OTHERS = ["Pro", "PRO", "pró", "pro "]
PENGUIN = "Ada 🐧 Łovelace 𠮷"


@pytest.mark.parametrize("other", OTHERS)
def test_a_key_opens_what_has_that_key_and_nothing_else(ada, other):
    benefit(other, id="ben_other")
    grant(ada, benefit_id="ben_other")
    assert has_benefit(again(ada), other)
    assert not has_benefit(again(ada), "pro")
    assert not BenefitGrant.objects.filter(grants_of_key("pro")).exists()
    assert BenefitGrant.objects.filter(grants_of_key(other)).exists()


@pytest.mark.parametrize("other", OTHERS)
def test_ids_that_differ_in_capitals_accents_or_spaces_are_two_rows(other):
    apply(event(customer("pro", name="first")))
    apply(event(customer(other, name="second"), seconds=1))
    assert set(Customer.objects.values_list("pk", "name")) == {
        ("pro", "first"),
        (other, "second"),
    }
    assert {f"polar:customer:{one}" for one in ("pro", other)} <= set(
        WriteLock.objects.values_list("pk", flat=True)
    )


@pytest.mark.parametrize("other", OTHERS)
def test_a_key_names_its_own_row(other):
    apply(event(BenefitSnapshot(id="b", key=other), ProductSnapshot(id="p", key=other)))
    apply(event(customer("cus_1", external_id=other)))
    assert not Benefit.objects.filter(key="pro").exists()
    assert not Product.objects.named(["pro"]).exists()
    assert not Customer.objects.filter(external_id="pro").exists()
    assert Product.objects.named([other]).exists()


@pytest.mark.parametrize("other", OTHERS)
def test_a_row_that_points_to_another_name_points_there(ada, other):
    benefit("first", id="pro")
    benefit("second", id=other)
    grant(ada, benefit_id=other)
    assert entitlements_for(again(ada)).keys == {"second"}
    assert BenefitGrant.objects.get().benefit.key == "second"


@pytest.mark.parametrize("other", OTHERS)
def test_deliveries_and_usage_of_another_id_are_no_repetition(ada, other):
    for name in ("pro", other):
        envelope = Envelope(delivery_id=name, type="order.paid", timestamp=None)
        assert inbox.store("polar", envelope, b"{}")
        record_usage(ada, "ai_usage", external_id=name)
    assert WebhookDelivery.objects.count() == UsageEvent.objects.count() == 2


def test_text_beyond_the_first_plane_is_kept_in_every_kind_of_column(ada):
    apply(event(customer("cus_🐧", name=PENGUIN, external_id="🐧", metadata={"🐧": PENGUIN})))
    row = Customer.objects.get(pk="cus_🐧", external_id="🐧")
    assert (row.name, row.metadata) == (PENGUIN, {"🐧": PENGUIN})
    envelope = Envelope(delivery_id="🐧", type="order.🐧", timestamp=None)
    assert inbox.store("polar", envelope, PENGUIN.encode())
    delivery = WebhookDelivery.objects.get(type="order.🐧")
    assert bytes(delivery.body).decode() == PENGUIN


def test_a_moment_keeps_its_microseconds():
    moment = datetime(2026, 11, 21, 12, 0, 0, 123457, tzinfo=UTC)
    apply(event(customer(created_at=moment)))
    assert Customer.objects.get(created_at=moment).created_at == moment


def test_a_body_of_a_megabyte_and_of_any_bytes_is_kept():
    body = bytes(range(256)) * 4096
    envelope = Envelope(delivery_id="long", type="order.paid", timestamp=None)
    assert inbox.store("polar", envelope, body)
    assert bytes(WebhookDelivery.objects.get().body) == body


def test_the_longest_id_has_a_lock_and_a_row():
    name = "🐧" * ID_LENGTH
    apply(event(customer(name)))
    assert Customer.objects.get().pk == name
    assert locks.customer_lock("polar", name) == locks.shared_lock(name)
