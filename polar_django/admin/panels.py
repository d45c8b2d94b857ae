"""A table on a page: a title, heads, rows of cells, and where the rest is."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

__all__ = ["Fact", "Panel", "table", "when"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`rows` pair each head with its cell, so that a narrow screen can put one beside the other."""

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[tuple[str, Any]]] = field(repr=False)
    empty: str = ""
    note: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line about the customer."""

    label: str
    value: Any


def table(
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    empty: str = "",
    note: str = "",
    more: str = "",
) -> Panel:
    """A panel with these rows, each with a cell for every head."""
    cells = [list(zip(heads, row, strict=True)) for row in rows]
    return Panel(
        name=name,
        title=title,
        heads=heads,
        rows=cells,
        empty=empty or _("None."),
        note=note,
        more=more,
    )


def when(moment: datetime | None, form: str = "SHORT_DATETIME_FORMAT") -> str:
    """A moment in the project's time zone and the language's way, "" where there is none."""
    if moment is None:
        return ""
    # datetime.max, for good, has no hour east of UTC.
    with suppress(OverflowError):
        moment = timezone.localtime(moment)
    return date_format(moment, form)
