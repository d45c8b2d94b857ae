"""Why Polar refuses: whose the token is, what it may do, and whether it belongs to this server.

A right to write is tried without writing: Polar looks at the token first, so a call that names no
object, or an empty one, is refused with 403 where the right is missing and with 404 or 422 where it
is there.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import uuid4

from polar_django.conf import Settings
from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    InvalidRequest,
    ObjectNotFound,
    ProviderError,
)
from polar_django.providers.diagnosis import Account, Diagnosis, MissingScope
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.connection import SERVERS, transport_for
from polar_django.providers.polar.reading import objects, required_id
from polar_django.providers.transport import Transport

_ORGANIZATIONS = "/v1/organizations/"


class _Scope(NamedTuple):
    name: str
    method: str
    route: str
    needed_for: str
    is_vital: bool = True


# As Polar's OpenAPI file names them for these routes.
_SCOPES: Sequence[_Scope] = (
    _Scope("products:read", "GET", "/v1/products/", "know what is for sale"),
    _Scope("benefits:read", "GET", "/v1/benefits/", "know who may do what"),
    _Scope("customers:read", "GET", "/v1/customers/", "find a buyer's customer"),
    _Scope("customers:write", "POST", "/v1/customers/", "make a buyer's customer"),
    _Scope("checkouts:read", "GET", "/v1/checkouts/", "confirm a purchase on the return page"),
    _Scope("checkouts:write", "POST", "/v1/checkouts/", "send anybody to the pay page"),
    _Scope("customer_sessions:write", "POST", "/v1/customer-sessions/", "open the portal"),
    _Scope("subscriptions:read", "GET", "/v1/subscriptions/", "repair subscriptions"),
    _Scope("subscriptions:write", "PATCH", "/v1/subscriptions/{id}", "cancel or change a plan"),
    _Scope("orders:read", "GET", "/v1/orders/", "repair orders and show invoices"),
    _Scope("members:read", "GET", "/v1/members/", "repair the members of teams", False),
    _Scope("customer_seats:write", "POST", "/v1/customer-seats", "give seats", False),
    _Scope("refunds:read", "GET", "/v1/refunds/", "repair refunds", False),
    _Scope("refunds:write", "POST", "/v1/refunds/", "refund an order", False),
    _Scope("discounts:read", "GET", "/v1/discounts/", "repair discounts", False),
    _Scope("meters:read", "GET", "/v1/meters/", "repair meters", False),
    _Scope("customer_meters:read", "GET", "/v1/customer-meters/", "repair balances", False),
    _Scope("events:write", "POST", "/v1/events/ingest", "report usage", False),
    _Scope("license_keys:read", "GET", "/v1/license-keys/", "repair license keys", False),
    _Scope("webhooks:read", "GET", "/v1/webhooks/endpoints", "examine the endpoint", False),
)


class PolarDiagnosis(Diagnosis):
    """Asks Polar with the token and server of the settings."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    def account(self) -> Account:
        reply = self._transport.request("GET", _ORGANIZATIONS, query={"limit": 100})
        return Account(
            organization_ids=tuple(
                required_id(item) for item in objects(object_in(reply).get("items"))
            ),
            server_date=reply.server_date,
        )

    def missing_scopes(self) -> tuple[MissingScope, ...]:
        return tuple(
            MissingScope(name=scope.name, needed_for=scope.needed_for, is_vital=scope.is_vital)
            for scope in _SCOPES
            if self._lacks(scope)
        )

    def _lacks(self, scope: _Scope) -> bool:
        has_id = "{id}" in scope.route
        try:
            self._transport.request(
                scope.method,
                scope.route,
                path={"id": str(uuid4())} if has_id else None,
                query={"limit": 1} if scope.method == "GET" else None,
                body=None if scope.method == "GET" else {},
            )
        except AuthenticationFailed as error:
            return error.status == 403
        except (ActionRefused, InvalidRequest, ObjectNotFound):
            # Refused for another reason than the token, as it should be.
            return False
        return False

    def server_of_token(self) -> str:
        """The token is Polar's, and is shown to Polar's own servers only."""
        if self._settings.server not in SERVERS:
            return ""
        for name in SERVERS:
            if name != self._settings.server:
                # The organization of this server is none of the other's.
                there = replace(self._settings, server=name, organization_id="")
                try:
                    transport_for(there).request("GET", _ORGANIZATIONS, query={"limit": 1})
                except ProviderError:
                    continue
                return name
        return ""
