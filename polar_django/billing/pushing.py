"""When the project's own people change or go: the provider is told, after the fact, by a task.

The listeners only note in the customer's row what is to be told (`mirror.pushes`); nobody who saves
a profile waits for a provider or a broker.
"""

import logging
from typing import Any

from django.db import transaction

from polar_django.billing.deletion import delete_customer
from polar_django.billing.profiles import push_profile, wants_update
from polar_django.conf import get_settings
from polar_django.exceptions import (
    ActionRefused,
    CustomerConflict,
    InvalidRequest,
    NotSupported,
    PolarDjangoError,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.mirror.pushes import note_pushes, settle_push
from polar_django.models import Customer
from polar_django.models.databases import on_primary, primary
from polar_django.subscribers import external_id_of, profile_of

__all__ = ["note_deletion", "note_profile", "push_customers"]

logger = logging.getLogger(__name__)

_PATIENCE = 3
# What asking again cannot mend. A wrong token or address of the server is none of these: it is set
# right, and until then nobody's deletion must be lost.
_FOR_GOOD = (ActionRefused, CustomerConflict, InvalidRequest, NotSupported)


def note_profile(subscriber: Any) -> None:
    """Where `SYNC_PROFILE` is on and the provider has another e-mail or name: note it. One query;
    two statements where it differs."""
    if not get_settings().sync_profile:
        return
    profile = profile_of(subscriber)
    mine = on_primary(Customer).filter(subscriber=subscriber, deleted_at=None)
    rows = list(mine.defer("raw").order_by("pk"))
    # Two customers cannot have one address: of several that staff linked, it is the true one's.
    own = [row for row in rows if row.external_id == external_id_of(subscriber)] or rows[:1]
    outdated = [row.pk for row in own if wants_update(row, profile)]
    if outdated:
        note_pushes(on_primary(Customer).filter(pk__in=outdated), Customer.Push.PROFILE)
        _push_soon()


def note_deletion(subscriber: Any) -> None:
    """Before a subscriber is deleted: note what `ON_SUBSCRIBER_DELETE` asks for. One statement."""
    policy = get_settings().on_subscriber_delete
    if policy == "keep":
        return
    mine = on_primary(Customer).filter(subscriber=subscriber)
    if note_pushes(mine, Customer.Push(policy)):
        _push_soon()


def push_customers() -> int:
    """Tell the provider what was noted; how many customers are settled.

    A provider that cannot be reached, or does not let us in, is left alone after the third try, and
    told the rest in the next turn. What it refuses for good is logged and not tried again.
    """
    settled = failed = 0
    # In any order, so that a few of whom it never hears do not hold up all the others for ever.
    for customer in on_primary(Customer).exclude(push="").order_by("?").defer("raw"):
        try:
            _tell(customer)
        except _FOR_GOOD as error:
            logger.error(
                "Customer %s: %s is not accepted (%s).",
                customer.pk,
                customer.push,
                type(error).__name__,
            )
        except PolarDjangoError as error:
            level = logging.WARNING if isinstance(error, ProviderUnavailable) else logging.ERROR
            logger.log(level, "Customer %s is told later: %s.", customer.pk, type(error).__name__)
            failed += 1
            if failed >= _PATIENCE or isinstance(error, RateLimited):
                break
            continue
        settle_push(customer)
        settled += 1
    return settled


def _tell(customer: Customer) -> None:
    if customer.push == Customer.Push.PROFILE:
        if customer.subscriber is not None:
            push_profile(customer, profile_of(customer.subscriber))
    elif customer.deleted_at is None:
        delete_customer(customer, anonymize=customer.push == Customer.Push.ANONYMIZE)


def _push_soon() -> None:
    """Without workers there is no task: it is told when the transaction is committed."""
    if get_settings().process_inline:
        transaction.on_commit(push_customers, using=primary(), robust=True)
