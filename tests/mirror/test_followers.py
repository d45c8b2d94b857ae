"""One customer goes and another comes with the same external id, as the sandbox tells it."""

import random

import pytest
from django.contrib.auth.models import User

from polar_django.entitlements import has_benefit
from polar_django.models import BenefitGrant, Customer, Order, WebhookDelivery
from polar_django.webhooks.processing import drain
from tests.entitlements.worlds import again
from tests.mirror.losses import differences, mend


def bought_by(sandbox, user, email):
    body = {"email": email, "external_id": str(user.pk)}
    key = sandbox.api.post("/v1/customers/", json=body).json()["id"]
    sandbox.buy("pro-monthly", customer_id=key)
    return key


@pytest.mark.parametrize("anonymize", [False, True], ids=["plain", "anonymized"])
@pytest.mark.parametrize("seed", range(3))
def test_the_next_customer_with_an_external_id_is_the_subscribers_in_every_order(
    sandbox, anonymize, seed
):
    chance = random.Random(seed)
    ada = User.objects.create_user("ada")
    former = bought_by(sandbox, ada, "ada@example.com")
    sandbox.api.delete(f"/v1/customers/{former}", params={"anonymize": anonymize})
    latter = bought_by(sandbox, ada, "ada@example.com")
    sandbox.deliver(process=False)
    waiting = list(WebhookDelivery.objects.values_list("pk", flat=True))
    chance.shuffle(waiting)
    read_at = set(chance.sample(range(len(waiting)), 2))
    for number, pk in enumerate(waiting):
        drain(only=pk)
        if number in read_at:
            mend()
        owners = dict(Customer.objects.values_list("pk", "subscriber_id"))
        assert set(owners.values()) <= {ada.pk, None}
        for table in (BenefitGrant, Order):
            for row in table.objects.all():
                assert row.subscriber_id == owners.get(row.customer_id)
    assert Customer.objects.get(pk=latter).subscriber == ada
    assert Customer.objects.get(pk=former).deleted_at is not None
    live = BenefitGrant.objects.active().filter(subscriber=ada)
    assert set(live.values_list("customer_id", flat=True)) == {latter}
    assert has_benefit(again(ada), "pro")
    assert not BenefitGrant.objects.active().filter(customer=former).exists()
    mend()
    assert differences() == {}
