"""What the access token must be allowed to do, for each route; by default it may do everything."""

import re
from collections.abc import Sequence

from polar_django.sandbox.conf import get_settings

__all__ = ["is_allowed", "scopes_for"]

# Routes that ask for no scope: the pay page's, the portal's, and what comes with a mail.
OPEN = re.compile(
    r"customer-portal/.*|oauth2/.*|checkouts/client/.*|checkout-links/[^/]+/redirect"
    r"|customer-seats/claim.*|files/[^/]+/content"
)
MEMBERS = re.compile(r"customers/(external/)?[^/]+/members.*|members/.*")
# Where a part of the address is not its own scope's name.
NAMES = {"benefit-grants": "benefits", "event-types": "events"}
# Whoever may write these may not read them.
READ_APART = ("customer_meters", "customer_seats", "metrics", "orders", "payments")
# A POST that only makes what is read.
READS = re.compile(r"orders/[^/]+/invoice|subscriptions/[^/]+/change-preview")


def scopes_for(method: str, rest: str) -> Sequence[str]:
    """One of these is needed; `rest` is relative to `v1/`. Empty where none is."""
    if OPEN.fullmatch(rest):
        return ()
    if MEMBERS.fullmatch(rest):
        name = "members"
    else:
        part = rest.partition("/")[0]
        name = NAMES.get(part, part.replace("-", "_"))
    if method != "GET" and not READS.fullmatch(rest):
        return (f"{name}:write",)
    read = f"{name}:read"
    return (read,) if name in READ_APART else (f"{name}:write", read)


def is_allowed(needed: Sequence[str]) -> bool:
    """Whether the setting SCOPES has one of them; an empty setting has all."""
    granted = get_settings().scopes.split()
    return not granted or not needed or any(scope in granted for scope in needed)
