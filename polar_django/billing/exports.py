"""Everything the provider keeps about a customer, for the person who asks what that is."""

from collections.abc import Mapping
from typing import Any

from polar_django.billing.customers import look_up_customers
from polar_django.exceptions import NotSupported, ObjectNotFound
from polar_django.models import Customer
from polar_django.providers.registry import get_provider

__all__ = ["export_customer"]

_KINDS = (
    "members",
    "subscriptions",
    "orders",
    "refunds",
    "benefit_grants",
    "customer_meters",
    "checkouts",
)
# What opens a page or an account is no information about anybody.
_SECRETS = frozenset(
    {"client_secret", "customer_session_token", "return_url", "success_url", "token", "url"}
)


def export_customer(subscriber: Any, provider: str | None = None) -> dict[str, Any]:
    """The provider's own objects about a subscriber, as it lists them now; JSON throughout.

    `{"customer": {…}, "subscriptions": […], "orders": […], …}`; secrets are left out, nothing is
    written. Somebody who is several customers has `"other_customers": […]` too, and the lists are
    of all. Of a customer that is nobody's here, a guest say, it is about that one. One call for
    each customer and one a page of each list. Raises ObjectNotFound for somebody who has never
    been a customer, ProviderError.
    """
    if isinstance(subscriber, Customer):
        service, customers = get_provider(subscriber.provider), [subscriber]
    else:
        service, customers = get_provider(provider), look_up_customers(subscriber, provider)
    if not customers:
        raise ObjectNotFound("This subscriber is not a customer.")
    first, *others = (_shown(service.get_customer(row.pk).first.raw) for row in customers)
    whole: dict[str, Any] = {"customer": first}
    if others:
        whole["other_customers"] = others
    for kind in _KINDS:
        try:
            pages = [
                page for row in customers for page in service.list_objects(kind, customer_id=row.pk)
            ]
        except NotSupported:
            continue
        whole[kind] = [_shown(seen.snapshot.raw) for page in pages for seen in page.observations]
    return whole


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items() if key not in _SECRETS}
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else value
