"""An access token of another organization knows nobody of ours, and must not end what they have."""

import pytest
from django.utils import timezone

from polar_django import tasks
from polar_django.exceptions import ForeignObject
from polar_django.mirror import cursors
from polar_django.mirror.reconcile import reconcile, reconcile_customer
from polar_django.mirror.walking import Patience
from polar_django.models import BenefitGrant, Customer, Product, Subscription
from polar_django.providers.registry import get_provider
from polar_django.sandbox import models as theirs
from tests.mirror.losses import buyers, differences, lose_deliveries, mend


@pytest.fixture
def elsewhere(sandbox):
    """Two buyers are mirrored; then the token is one of an organization that is empty."""
    made = buyers(sandbox, 2)
    sandbox.deliver()

    def become_empty():
        theirs.BenefitGrant.objects.all().delete()
        for model in (theirs.Customer, theirs.Product):
            model.objects.update(deleted_at=timezone.now())

    return made, become_empty


def nothing_has_ended():
    return (
        not Customer.objects.exclude(deleted_at=None).exists()
        and BenefitGrant.objects.active().count() == 4
        and Subscription.objects.active().count() == 2
    )


def test_one_customer_on_demand_is_refused(elsewhere):
    [first, _], become_empty = elsewhere
    become_empty()
    with pytest.raises(ForeignObject, match="another organization"):
        list(reconcile_customer(get_provider("polar"), first, Patience()))
    assert nothing_has_ended()


@pytest.mark.parametrize("table", ["customer", "benefitgrant"])
def test_a_second_read_is_refused(elsewhere, table):
    [first, _], become_empty = elsewhere
    grant = BenefitGrant.objects.filter(customer=first).first()
    become_empty()
    with pytest.raises(ForeignObject):
        tasks.read_again("polar", table, {"customer": first, "benefitgrant": grant.pk}[table])
    assert nothing_has_ended()


def test_reading_the_grants_of_a_customer_is_refused(elsewhere):
    [first, _], become_empty = elsewhere
    become_empty()
    with pytest.raises(ForeignObject):
        tasks.read_customer_grants("polar", first)
    assert nothing_has_ended()


def test_a_walk_that_goes_on_with_another_token_is_refused(elsewhere):
    _, become_empty = elsewhere
    walk = cursors.begin("polar", "reconcile")
    for drift in reconcile(get_provider("polar"), walk, Patience()):
        if drift.kind == "discounts":
            break
    cursors.release(walk)
    become_empty()
    with pytest.raises(ForeignObject):
        mend()
    assert nothing_has_ended()


def test_products_that_were_deleted_unsold_do_not_make_the_organization_another(sandbox):
    """Polar deletes for good what was never sold."""
    buyers(sandbox, 1)
    body = {"name": "Draft", "prices": [{"amount_type": "fixed", "price_amount": 500}]}
    drafts = [sandbox.api.post("/v1/products/", json=body).json()["id"] for _ in range(4)]
    sandbox.deliver()
    Product.objects.filter(pk__in=drafts).update(created_at=timezone.now() - timezone.timedelta(9))
    for pk in drafts:
        assert sandbox.api.delete(f"/v1/products/{pk}").status_code == 204
    lose_deliveries()
    mend()
    assert Product.objects.filter(pk__in=drafts, is_archived=True).count() == 4
    mend()
    assert differences() == {}
