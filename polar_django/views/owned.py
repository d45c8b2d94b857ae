"""What the pages for managing share: who may, whose it is, and what became of an attempt."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from polar_django.billing.ids import may_be_an_id
from polar_django.exceptions import (
    ActionRefused,
    ConfigurationError,
    InvalidRequest,
    NotSupported,
    ObjectNotFound,
    PaymentFailed,
    ProviderUnavailable,
)
from polar_django.providers.base import Capability
from polar_django.providers.registry import get_provider
from polar_django.subscribers import can_manage_billing
from polar_django.views.buyers import buyers_only
from polar_django.views.refusals import not_allowed_page

__all__ = ["Problem", "attempt", "capabilities_of", "managers_only", "own_or_404"]

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not done, in words for the page, and the status of that page."""

    text: str | Promise
    status: int
    payment: bool = False


_REFUSED: dict[str, Any] = {
    "SubscriptionLocked": _("It is being changed this moment. Please try again in a minute."),
    "AlreadyCanceledSubscription": _(
        "It has ended, or is about to. Take the cancellation back first."
    ),
    "SeatsAlreadyAssigned": _(
        "More people have a seat than that. Take some seats back first, then try again."
    ),
    "MissingInvoiceBillingDetails": _(
        "The invoice needs your billing name and address. Add them under payment methods, then try "
        "again."
    ),
}
_NOT_NOW = _("This is not possible now.")


def managers_only(view: View) -> View:
    """`buyers_only`, for those whom `CAN_MANAGE_BILLING` lets manage this subscriber's billing."""

    @wraps(view)
    def guarded(request: HttpRequest, subscriber: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can_manage_billing(request, subscriber):
            return not_allowed_page(request)
        return view(request, subscriber, *args, **kwargs)

    return buyers_only(guarded)


def own_or_404(rows: "QuerySet[Any]", subscriber: Any, key: str) -> Any:
    """The subscriber's row of that id; another's is answered as one that does not exist."""
    found = rows.filter(pk=key, subscriber=subscriber).first() if may_be_an_id(key) else None
    if found is None:
        raise Http404("There is nothing of that id.")
    return found


def attempt(verb: Callable[[], Any]) -> Problem | None:
    """Do it; what stood in the way, where it was not done.

    Raises what concerns us and not the customer: a wrong token, a wrong setting.
    """
    try:
        verb()
    except PaymentFailed:
        return Problem(
            _(
                "The payment was refused, and nothing was changed. Check your payment method, then "
                "try again."
            ),
            402,
            payment=True,
        )
    except ProviderUnavailable:
        # It may have happened all the same, so that nobody should be told that it has not.
        return Problem(
            _(
                "We could not reach the payment service in time. Look in a minute whether it has "
                "happened before you try again."
            ),
            503,
        )
    except (ActionRefused, InvalidRequest) as error:
        return Problem(_REFUSED.get(error.code, _NOT_NOW), 409)
    except (NotSupported, ObjectNotFound):
        return Problem(_NOT_NOW, 409)
    return None


def capabilities_of(provider: str) -> frozenset[Capability]:
    """What that provider can do; nothing where the settings no longer know it. No calls."""
    try:
        return get_provider(provider).capabilities
    except ConfigurationError:
        return frozenset()
