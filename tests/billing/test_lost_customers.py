"""A customer deleted at the provider, of which no delivery told: verbs notice, heal and go on."""

import pytest
from django.urls import reverse

from polar_django.billing import create_checkout_session, create_portal_session
from polar_django.exceptions import InvalidRequest, ObjectNotFound
from polar_django.models import BenefitGrant, Customer, Subscription
from tests.mirror.losses import lose_deliveries

THANKS = "https://shop.example/thanks"


@pytest.fixture
def deleted(sandbox, ada):
    """The id of ada's customer, who bought a plan and was deleted since, without anybody's word."""
    sandbox.buy("pro-monthly", external_customer_id=str(ada.pk), customer_email=ada.email)
    sandbox.deliver()
    customer = Customer.objects.get(subscriber=ada)
    assert sandbox.api.delete(f"/v1/customers/{customer.pk}").status_code == 204
    lose_deliveries()
    return customer.pk


def test_a_checkout_is_made_for_a_new_customer(sandbox, ada, deleted):
    session = create_checkout_session(ada, "ebook", success_url=THANKS)
    assert session.customer_id != deleted
    assert session.subscriber == ada
    assert Customer.objects.get(pk=deleted).deleted_at is not None
    living = Customer.objects.get(subscriber=ada, deleted_at=None)
    assert living.pk == session.customer_id


def test_what_the_deleted_customer_held_ends_with_it(sandbox, ada, deleted):
    assert BenefitGrant.objects.active().filter(subscriber=ada).exists()
    create_checkout_session(ada, "ebook", success_url=THANKS)
    assert not BenefitGrant.objects.active().filter(subscriber=ada).exists()
    assert Subscription.objects.get().status == "canceled"


def test_the_page_leads_to_the_pay_page(sandbox, ada, deleted, client):
    client.force_login(ada)
    answer = client.post(reverse("polar:checkout", args=["ebook"]))
    assert answer.status_code == 303
    assert "/checkout/" in answer["Location"]


def test_a_portal_is_refused_like_that_of_a_stranger(sandbox, ada, deleted):
    with pytest.raises(ObjectNotFound, match="not a customer yet"):
        create_portal_session(ada)
    assert Customer.objects.get(pk=deleted).deleted_at is not None


def test_a_portal_opens_for_the_customer_who_came_after(sandbox, ada, deleted):
    body = {"email": ada.email, "external_id": str(ada.pk)}
    assert sandbox.api.post("/v1/customers/", json=body).status_code == 201
    lose_deliveries()
    assert create_portal_session(ada).url
    assert Customer.objects.filter(subscriber=ada, deleted_at=None).count() == 1


def test_a_refusal_for_another_reason_stays_one(sandbox, ada):
    path = f"/v1/products/{sandbox.product_ids['ebook']}"
    assert sandbox.api.patch(path, json={"is_archived": True}).status_code == 200
    lose_deliveries()
    with pytest.raises(InvalidRequest):
        create_checkout_session(ada, "ebook", success_url=THANKS)
    assert Customer.objects.get(subscriber=ada).deleted_at is None
