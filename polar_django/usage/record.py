"""Writing down what was used. Nobody is called: the event is sent later, by `flush_usage`."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from polar_django.conf import get_settings, subscriber_model
from polar_django.exceptions import NotSupported
from polar_django.models import UsageEvent
from polar_django.models.databases import on_primary, primary
from polar_django.models.fields import ID_LENGTH
from polar_django.providers.base import Capability
from polar_django.providers.registry import get_provider
from polar_django.subscribers import external_id_of, is_subscriber
from polar_django.usage.contents import check_contents, check_moment, check_text, round_cost

__all__ = ["record_usage"]


def record_usage(
    subscriber: Any,
    name: str,
    metadata: Mapping[str, Any] | None = None,
    *,
    external_id: str = "",
    at: datetime | None = None,
    user: Any = None,
    provider: str | None = None,
) -> UsageEvent:
    """Write down one event for the meters that count events of this name. One INSERT, no call.

    `metadata` is what meters read: at most 50 keys, with text (1 to 500 characters), numbers and
    booleans, and Polar's own `_cost` and `_llm` in their shapes. `external_id` is yours, and makes
    it safe to record the same thing twice: the first one counts, here and at the provider, and is
    returned (one query more). It must not be a browser's to choose: who repeats one uses for
    nothing. `at` is when it was used, now by default. `user` is who of a team did it.

    A subscriber who has bought nothing is no mistake: the event waits at the provider for the
    customer with their external id. Raises TypeError for what is no saved subscriber,
    InvalidRequest (`code` "usage_refused") for what the provider would not take, NotSupported for
    a provider without meters.
    """
    if not is_subscriber(subscriber) or subscriber.pk is None:
        raise TypeError(f"Usage is recorded for a saved {subscriber_model()}.")
    service = get_provider(provider)
    if Capability.METERS not in service.capabilities:
        raise NotSupported(f"The provider {service.name} has no meters.")
    given, moment = {} if metadata is None else metadata, at or timezone.now()
    check_contents(name, given)
    check_moment(moment)
    if external_id:
        # It is sent behind the prefix, which keeps two environments apart.
        check_text("external_id", external_id, ID_LENGTH - len(get_settings().external_id_prefix))
    event = UsageEvent(
        subscriber=subscriber,
        provider=service.name,
        name=name,
        external_id=external_id or str(uuid.uuid4()),
        external_customer_id=external_id_of(subscriber),
        external_member_id=external_id_of(user) if user is not None else "",
        timestamp=moment,
        metadata=round_cost(given),
        due_at=timezone.now(),
    )
    if not external_id:
        event.save(using=primary(), force_insert=True)
        return event
    return _insert_once(event)


def _insert_once(event: UsageEvent) -> UsageEvent:
    using = primary()
    try:
        if connections[using].in_atomic_block:
            with transaction.atomic(using=using):
                event.save(using=using, force_insert=True)
        else:
            event.save(using=using, force_insert=True)
    except IntegrityError:
        known: UsageEvent | None = (
            on_primary(UsageEvent).filter(external_id=event.external_id).first()
        )
        if known is None:
            raise
        return known
    return event
