"""For templates: `{% if "pro" in entitlements %}`."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from polar_django.gating import entitlements_of

__all__ = ["entitlements"]


def entitlements(request: HttpRequest) -> dict[str, object]:
    """`entitlements`: what the request's subscriber holds, an `EntitlementSet`.

    Costs nothing on a page that does not ask, else one query, shared with the request's gates. A
    template that an async view renders finds it ready behind a gate or after `aentitlements_for`.
    """
    return {"entitlements": SimpleLazyObject(lambda: entitlements_of(request))}
