"""One change of a subscription, made once however often it is asked for."""

from collections.abc import Callable

from polar_django.billing.answers import write_answer
from polar_django.exceptions import (
    ActionRefused,
    InvalidRequest,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.mirror.answers import stored_keys
from polar_django.models import Subscription
from polar_django.models.databases import primary
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.snapshots import Answer

__all__ = ["act", "goes_on"]


def goes_on(subscription: Subscription) -> bool:
    """Whether it has not ended and no end is scheduled."""
    return not subscription.has_ended and not subscription.cancel_at_period_end


def act(
    subscription: Subscription,
    call: Callable[[Provider], Answer],
    is_as_wanted: Callable[[], bool],
) -> Subscription:
    """Make the call, and write its answer to the mirror; the row given is read again.

    Where the provider refuses, or does not answer in time, the subscription is read from it (one
    call more) and written: the change may have been made, by this call or by one before it. Only if
    `is_as_wanted`, asked about the row as it is then, says no is the error raised. Nothing is read
    where nothing can have happened: too many requests, a refused payment, a bad token.
    """
    provider = get_provider(subscription.provider)
    sent = stored_keys(subscription)
    try:
        answer = call(provider)
    except RateLimited:
        raise
    except (ActionRefused, InvalidRequest, ProviderUnavailable) as error:
        try:
            _read(provider, subscription)
        except ProviderError:
            raise error from None
        if not is_as_wanted():
            raise
        return subscription
    write_answer(answer, sent=sent)
    subscription.refresh_from_db(using=primary())
    return subscription


def _read(provider: Provider, subscription: Subscription) -> None:
    sent = stored_keys(subscription)
    write_answer(provider.get_subscription(subscription.pk), sent=sent)
    subscription.refresh_from_db(using=primary())
