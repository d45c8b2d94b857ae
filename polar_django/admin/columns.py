"""Pieces of the admin's pages: a state as a coloured word, money, a link."""

import re
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.contrib.admin.utils import quote
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from polar_django.exceptions import PolarDjangoError
from polar_django.providers.registry import get_provider

__all__ = [
    "change_url",
    "dashboard_url",
    "link_to",
    "minor_digits",
    "money",
    "related",
    "shortened",
    "tag",
]

_UUID = re.compile(r"\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
_GOOD = frozenset(
    {"active", "trialing", "live", "paid", "succeeded", "granted", "claimed", "processed", "sent"}
)
_BAD = frozenset(
    {"dead", "failed", "past_due", "unpaid", "revoked", "expired", "canceled", "incomplete_expired"}
    | {"deleted", "disabled", "void", "unclaimed"}
)


def tag(state: str) -> SafeString:
    """A state as a word with a colour; the word says it, the colour helps."""
    tone = "good" if state in _GOOD else "bad" if state in _BAD else "plain"
    return format_html(
        '<span class="polar-tag polar-{}">{}</span>', tone, state.replace("_", " ") or "-"
    )


def shortened(text: str) -> str:
    """Text with its ids cut to what tells them apart, for a list."""
    return _UUID.sub(r"\1…", text or "")


def money(amount: int | Decimal | None, currency: str) -> str:
    """An amount in minor units as text, "" where there is none."""
    return "" if amount is None else str(_of_money("money_text")(amount, currency or ""))


def minor_digits(currency: str) -> int:
    """How many decimals the minor units of a currency are: 2 for "usd"."""
    return int(_of_money("decimals_of")(currency))


@cache
def _of_money(name: str) -> Any:
    # Loaded with the first amount: the verbs beside it bring the task queue into every process
    # that only wants to know the admin's addresses.
    return import_string(f"polar_django.billing.money.{name}")


def change_url(row: Model, site: AdminSite) -> str:
    """Where the admin shows this row; "" where its model is not registered."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    try:
        return reverse(name, args=[quote(row.pk)], current_app=site.name)
    except NoReverseMatch:
        return ""


def related(row: Any, name: str) -> Any | None:
    """The row that this one points to; None where it has not come yet. At most one query."""
    try:
        return getattr(row, name)
    except ObjectDoesNotExist:
        return None


def link_to(row: Model | None, site: AdminSite, text: str = "") -> SafeString | str:
    """A link to a row's page, its own words as text; plain text where it has no page."""
    if row is None:
        return ""
    url = change_url(row, site)
    return format_html('<a href="{}">{}</a>', url, text or str(row)) if url else text or str(row)


def dashboard_url(row: Any) -> str:
    """Where the provider itself shows this object; "" where that is not known. No calls."""
    try:
        return get_provider(row.provider).dashboard_url(row._meta.model_name, row.pk)
    except PolarDjangoError:
        return ""
