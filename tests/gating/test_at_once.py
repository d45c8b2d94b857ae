"""From the provider's word to a closed gate: the very next request."""

import pytest

from polar_django.billing import ensure_customer
from polar_django.models import Subscription
from tests.gating.doors import DEARER, DOORS, OPEN

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.gating.at_once_urls")]
NAMES = sorted(DOORS | DEARER)


@pytest.fixture(autouse=True)
def with_permissions(settings):
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "polar_django.backends.BenefitBackend",
    ]


def open_doors(client):
    return [name for name in NAMES if OPEN in client.get(f"/door/{name}/").content.decode()]


def test_what_is_revoked_at_the_provider_closes_every_gate_on_the_next_request(
    client, ada, sandbox
):
    client.force_login(ada)
    sandbox.buy("pro-monthly", customer_id=ensure_customer(ada).pk)
    sandbox.deliver()
    assert open_doors(client) == NAMES

    subscription = Subscription.objects.get()
    assert sandbox.api.delete(f"/v1/subscriptions/{subscription.pk}").status_code == 200
    sandbox.deliver(process=False)
    assert open_doors(client) == NAMES  # stored, and nobody has looked at it yet
    sandbox.deliver()
    assert open_doors(client) == []
