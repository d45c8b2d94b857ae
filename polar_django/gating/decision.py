"""Whether a request may pass: asked by the decorators, mixins, template tags and permissions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from polar_django.entitlements import EntitlementSet, entitlements_for
from polar_django.entitlements.purchases import is_subscribed
from polar_django.exceptions import ConfigurationError
from polar_django.subscribers import resolve_subscriber

__all__ = ["Decision", "Reason", "decide", "decide_subscription", "entitlements_of"]


class Reason(StrEnum):
    """Why; the text is the `code` of a JSON refusal."""

    ALLOWED = "allowed"
    NO_USER = "login_required"
    NO_BENEFIT = "benefit_required"
    NO_SUBSCRIPTION = "subscription_required"


@dataclass(frozen=True, slots=True)
class Decision:
    """`missing` are the keys of which one (or, asked for all, each) would have let it pass."""

    allowed: bool
    reason: Reason
    missing: tuple[str, ...] = ()


_ALLOWED = Decision(True, Reason.ALLOWED)


def _user_of(request: Any) -> Any | None:
    """The request's own user, asked now: DRF authenticates after every middleware has run."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def _subscriber_of(request: Any, user: Any) -> Any | None:
    """The request's subscriber, found once for each user: a resolver often costs a query.

    And once more when the address is resolved: asked by a middleware before that, a resolver that
    reads the team from the path has answered for another one, or for none.
    """
    match = getattr(request, "resolver_match", None)
    remembered: tuple[Any, Any, Any] | None = getattr(request, "_polar_subscriber", None)
    if remembered is None or remembered[0] is not user or remembered[1] is not match:
        remembered = user, match, resolve_subscriber(request)
        request._polar_subscriber = remembered
    return remembered[2]


def entitlements_of(request: HttpRequest) -> EntitlementSet:
    """What this request's subscriber holds, and its user's seats; a visitor the free benefits only.

    One query, none once remembered. `SUBSCRIBER_RESOLVER` is not asked for visitors.
    """
    user = _user_of(request)
    if user is None:
        return entitlements_for(None)
    seated = user if isinstance(user, get_user_model()) else None
    return entitlements_for(_subscriber_of(request, user), user=seated)


def _refused(request: HttpRequest, reason: Reason, missing: tuple[str, ...]) -> Decision:
    return Decision(False, reason if _user_of(request) else Reason.NO_USER, missing)


def decide(request: HttpRequest, keys: str | Sequence[str], *, all_of: bool = False) -> Decision:
    """Whether the request's subscriber holds one of these benefits now (`all_of`: each of them).

    Raises ConfigurationError without a key, because a gate that names none guards nothing. Costs
    what `entitlements_of` costs.
    """
    wanted = (keys,) if isinstance(keys, str) else tuple(keys)
    if not wanted:
        raise ConfigurationError('Name at least one benefit, as in requires_benefit("pro").')
    held = entitlements_of(request)
    missing = tuple(key for key in wanted if key not in held)
    if not missing or (not all_of and len(missing) < len(wanted)):
        return _ALLOWED
    return _refused(request, Reason.NO_BENEFIT, missing)


def decide_subscription(request: HttpRequest, names: Sequence[str] = ()) -> Decision:
    """Whether the subscriber has an active or trialing subscription to one of these plans or
    products (keys or ids); to any product, if none is named.

    Whoever holds a seat in another's subscription does not pass: guard what they may see by the
    benefit. `STAFF_BYPASS` passes. One query more than `decide`, the first time.
    """
    held = entitlements_of(request)
    if held.holds_everything or is_subscribed(held, names):
        return _ALLOWED
    return _refused(request, Reason.NO_SUBSCRIPTION, tuple(names))
