"""Deliveries per hour as bars of an inline SVG, which needs no script and no style attribute.

The drawing holds no text: it is stretched to whatever width there is, and text would be with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.health.figures import Hour

__all__ = ["Chart", "chart_of"]

# Units of the drawing: each hour takes ten, of which the bar is eight; it is a hundred high.
_STEP, _HEIGHT = 10, 100.0
# A single dead letter among a thousand deliveries is to be seen.
_LEAST = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of a bar. Numbers are text: a template would write them as the language does."""

    kind: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour. `title` is its tooltip, `hour` when it began."""

    x: str
    title: str
    parts: Sequence[Part]
    hour: str
    figures: Hour


@dataclass(frozen=True, slots=True)
class Chart:
    """All bars, what the highest stands for, and labels for the axis below."""

    bars: Sequence[Bar]
    highest: str
    summary: str
    first: str
    middle: str
    last: str
    width: str

    @property
    def busy(self) -> Sequence[Bar]:
        """The hours in which something came, the latest first."""
        return [bar for bar in reversed(self.bars) if bar.figures.received]


def chart_of(hours: Sequence[Hour]) -> Chart:
    """The chart of these hours, oldest first. No queries."""
    most = max((hour.received for hour in hours), default=0)
    received = sum(hour.received for hour in hours)
    dead = sum(hour.dead for hour in hours)
    return Chart(
        bars=[_bar(number, hour, most) for number, hour in enumerate(hours)],
        highest=ngettext("%(count)s an hour", "%(count)s an hour", most) % {"count": most},
        summary=_(
            "%(received)s deliveries in %(hours)s hours, at most %(most)s in one; %(dead)s of them "
            "given up."
        )
        % {"received": received, "hours": len(hours), "most": most, "dead": dead},
        first=_clock(hours[0].starts_at),
        middle=_clock(hours[len(hours) // 2].starts_at),
        last=_("now"),
        width=str(len(hours) * _STEP),
    )


def _bar(number: int, hour: Hour, most: int) -> Bar:
    parts, top = [], _HEIGHT
    for kind, count in (("done", hour.done), ("waiting", hour.waiting), ("dead", hour.dead)):
        if count:
            height = max(count / most * _HEIGHT, _LEAST)
            top = max(top - height, 0.0)
            parts.append(Part(kind, f"{top:.1f}", f"{height:.1f}"))
    clock = _clock(hour.starts_at)
    title = _("%(hour)s: %(received)s received, %(waiting)s of them waiting, %(dead)s given up") % {
        "hour": clock,
        "received": hour.received,
        "waiting": hour.waiting,
        "dead": hour.dead,
    }
    return Bar(str(number * _STEP + 1), title, parts, clock, hour)


def _clock(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "D H:i")
