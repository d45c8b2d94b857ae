"""How often a client may ask: two scopes, whose rates the project sets in its DRF settings."""

from typing import Any

from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

__all__ = ["BillingThrottle"]

# Every write is a call to the provider, which has limits of its own.
_DEFAULTS = {"polar-read": None, "polar-write": "30/min"}


class BillingThrottle(SimpleRateThrottle):
    """Counts per user and scope: `polar-read` for GET, `polar-write` for what calls the provider.

    `REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["polar-write"]` sets a rate, None for none; without
    it reads are not limited and writes are to 30 a minute. One cache access.
    """

    def __init__(self) -> None:
        """The scope is known with the view."""

    def allow_request(self, request: Any, view: Any) -> bool:
        self.scope = view.throttle_kind
        rates = {**_DEFAULTS, **(api_settings.DEFAULT_THROTTLE_RATES or {})}
        rate = rates.get(self.scope)
        if rate is None:
            return True
        self.rate = str(rate)
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Any, view: Any) -> str:
        user = request.user
        ident = user.pk if user and user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
