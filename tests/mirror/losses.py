"""Short ways to lose what the sandbox would tell, and to mend the mirror afterwards."""

from polar_django.mirror import cursors
from polar_django.mirror.comparing import compare
from polar_django.mirror.reconcile import reconcile
from polar_django.mirror.walking import Patience
from polar_django.providers.registry import get_provider
from polar_django.sandbox import models as theirs


def lose_deliveries():
    """What was not yet delivered never will be."""
    theirs.WebhookAttempt.objects.all().delete()
    theirs.WebhookEvent.objects.all().delete()


def customer(sandbox, name, **values):
    body = {"email": f"{name}@example.com", **values}
    answer = sandbox.api.post("/v1/customers/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def buyers(sandbox, count, key="pro-monthly"):
    made = [customer(sandbox, f"buyer{number}") for number in range(count)]
    for pk in made:
        sandbox.buy(key, customer_id=pk)
    return made


def mend(**options):
    walk = cursors.begin("polar", "reconcile", **options)
    assert walk is not None
    for _ in reconcile(get_provider("polar"), walk, Patience()):
        pass
    cursors.release(walk)
    return walk.report


def differences():
    found = {one.kind: one for one in compare(get_provider("polar"))}
    return {
        kind: (one.missing, one.outdated, one.gone)
        for kind, one in found.items()
        if one.missing or one.outdated or one.gone
    }
