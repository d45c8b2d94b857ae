"""What no walk may end at, lose, or bring back."""

import httpx
import pytest

from polar_django import tasks
from polar_django.mirror import cursors
from polar_django.mirror.backfill import backfill
from polar_django.mirror.reconcile import reconcile
from polar_django.mirror.walking import Patience
from polar_django.models import BenefitGrant, Walk, WebhookDelivery
from polar_django.providers.registry import get_provider
from polar_django.sandbox import models as theirs
from polar_django.testing import work_off
from polar_django.webhooks import inbox
from tests.mirror.losses import buyers, customer, differences, lose_deliveries


@pytest.mark.parametrize("refused", [404, 403], ids=["unknown", "no seats"])
def test_a_purchase_whose_seats_the_provider_refuses_ends_no_walk(sandbox, faulty, refused):
    pk = customer(sandbox, "team")
    sandbox.buy("team", customer_id=pk, seats=3)
    sandbox.deliver()
    [grant] = BenefitGrant.objects.active().filter(customer=pk)[:1]
    theirs.BenefitGrant.objects.filter(pk=grant.pk).delete()
    faulty.on, faulty.faults = "/v1/customer-seats?", [answered(refused)] * 9
    list(backfill(get_provider()))
    assert differences()["benefit_grants"] == ([], [], [grant.pk])
    tasks.reconcile()
    assert Walk.objects.get(purpose="reconcile").finished_at
    assert not BenefitGrant.objects.active().filter(pk=grant.pk).exists()
    tasks.reconcile(customer_id=pk)
    assert len(faulty.faults) < 9


def answered(status):
    """A refusal, as Polar words it."""
    return lambda request: httpx.Response(
        status, json={"error": "Refused", "detail": "Not this one."}
    )


def test_what_an_empty_list_leaves_out_is_not_brought_back_by_what_came_before(sandbox):
    pk = buyers(sandbox, 1)[0]
    sandbox.deliver()
    theirs.BenefitGrant.objects.all().delete()
    tasks.read_customer_grants("polar", pk)
    assert not BenefitGrant.objects.active().exists()
    inbox.replay(WebhookDelivery.objects.all())
    work_off()
    assert not BenefitGrant.objects.active().exists()


def test_a_walk_amid_many_that_are_gone_stays_ours(sandbox, monkeypatch):
    known = buyers(sandbox, 4)
    sandbox.deliver()
    for pk in known:
        sandbox.api.delete(f"/v1/customers/{pk}")
    lose_deliveries()
    leases = []
    renew = cursors.renew
    monkeypatch.setattr(cursors, "renew", lambda walk: leases.append(walk.kind) or renew(walk))
    walk = cursors.begin("polar", "reconcile")
    list(reconcile(get_provider(), walk, Patience(), ["customers"]))
    # Once for each that had to be asked for, once after the page.
    assert leases.count("customers") >= len(known)
