"""The figures as facts, tables and a chart, for staff."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.admin.columns import link_to, tag
from polar_django.admin.health_chart import Chart, chart_of
from polar_django.admin.panels import Fact, Panel, table, when
from polar_django.admin.redaction import redacted_text
from polar_django.health.advice import advice_on
from polar_django.health.figures import (
    Cause,
    Fault,
    Health,
    Queue,
    ReachedProvider,
    WalkFigures,
)
from polar_django.models import Transition, UsageEvent, WebhookDelivery

__all__ = ["HealthPage", "health_panels"]

_MOST_CAUSES = 50
_MOST_TYPES = 4
_DRIFT = ("seen", "missing", "outdated", "gone", "written")
_LINE = mark_safe("<br>")  # between the lines of a cell
ReplayUrl = Callable[[Cause], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPage:
    """What the template shows, in this order."""

    verdict: str
    faults: tuple[Fault, ...]
    facts: list[Fact]
    panels_above: list[Panel]
    chart: Chart
    panels_below: list[Panel]


def health_panels(
    health: Health, site: AdminSite, *, replay_url: ReplayUrl | None, personal: bool
) -> HealthPage:
    """The page. `replay_url` is None for whoever may not process deliveries again. No queries."""
    return HealthPage(
        verdict=_verdict(health),
        faults=health.faults,
        facts=_facts(health, site),
        panels_above=[_causes(health, site, replay_url, personal)],
        chart=chart_of(health.hours),
        panels_below=[
            *([_news(health, site, personal)] if health.news else []),
            *(_walk(walk) for walk in health.walks),
            _providers(health),
        ],
    )


def _verdict(health: Health) -> str:
    if not health.faults:
        return _("All is well.")
    if health.is_well:
        return _("It works, and something wants to be seen to.")
    return _("Something is wrong.")


def _facts(health: Health, site: AdminSite) -> list[Fact]:
    day = sum(hour.received for hour in health.hours[-24:])
    now = health.measured_at
    return [
        Fact(label=_("Deliveries waiting"), value=_waiting(health.inbox, now)),
        Fact(
            label=_("Deliveries tried again later"),
            value=_count_link(health.inbox.put_off, WebhookDelivery, "failed", site),
        ),
        Fact(
            label=_("Deliveries given up"),
            value=_count_link(health.inbox.dead, WebhookDelivery, "dead", site),
        ),
        Fact(label=_("Received in 24 hours"), value=day),
        Fact(label=_("Latest delivery"), value=_ago(health.received_at, now)),
        Fact(label=_("Sweeper last ran"), value=_ago(health.sweeper_ran_at, now)),
        Fact(label=_("Signals waiting"), value=_waiting(health.outbox, now)),
        Fact(
            label=_("Signals given up"),
            value=_count_link(health.outbox.dead, Transition, "dead", site),
        ),
        Fact(label=_("Usage waiting"), value=_waiting(health.usage, now)),
        Fact(
            label=_("Usage given up"),
            value=_count_link(health.usage.dead, UsageEvent, "dead", site),
        ),
    ]


def _causes(health: Health, site: AdminSite, replay_url: ReplayUrl | None, personal: bool) -> Panel:
    heads = [_("Cause"), _("Deliveries"), _("Event types"), _("Received"), ""]
    rows = [
        (
            format_html(
                "<strong>{}</strong><br>{}<br><small>{}</small>",
                cause.name,
                redacted_text(cause.error, personal=personal),
                advice_on(cause.error_type),
            ),
            _numbers(cause),
            _types(cause),
            _span(cause, site),
            _replay_link(cause, replay_url),
        )
        for cause in health.causes.found[:_MOST_CAUSES]
    ]
    note = ""
    if not health.causes.is_complete:
        note = _("There are more: the causes of the latest are shown. Process these again first.")
    elif len(health.causes.found) > _MOST_CAUSES:
        note = _("There are more causes: those with most deliveries are shown.")
    return table(
        "causes",
        _("Failed deliveries by cause"),
        heads,
        rows,
        empty=_("No delivery has failed."),
        note=note,
    )


def _numbers(cause: Cause) -> Any:
    parts = []
    if cause.dead:
        parts.append((_("%(count)s given up") % {"count": cause.dead},))
    if cause.put_off:
        parts.append((_("%(count)s tried again later") % {"count": cause.put_off},))
    return format_html_join(_LINE, "{}", parts)


def _types(cause: Cause) -> Any:
    named = [(name or _("unreadable"), count) for name, count in list(cause.event_types.items())]
    lines = [(f"{count} {name}",) for name, count in named[:_MOST_TYPES]]
    further = len(named) - _MOST_TYPES
    if further > 0:
        text = ngettext("and %(n)s more type", "and %(n)s more types", further)
        lines.append((text % {"n": further},))
    return format_html_join(_LINE, "{}", lines)


def _span(cause: Cause, site: AdminSite) -> Any:
    """When the first and the last came; the last with a link to its page."""
    latest = link_to(WebhookDelivery(pk=cause.pks[-1]), site, when(cause.last_at))
    if cause.count == 1:
        return latest
    return format_html("{}<br>{} {}", when(cause.first_at), _("to"), latest)


def _replay_link(cause: Cause, replay_url: ReplayUrl | None) -> Any:
    if replay_url is None:
        return ""
    return format_html(
        '<a class="button polar-button" href="{}">{}</a>', replay_url(cause), _("Process again")
    )


def _news(health: Health, site: AdminSite, personal: bool) -> Panel:
    rows = [
        (
            one.name,
            one.count,
            redacted_text(one.error, personal=personal),
            link_to(Transition(pk=one.latest_pk), site, _("Latest")),
        )
        for one in health.news
    ]
    heads = [_("Signal or event"), _("Given up"), _("Latest error"), ""]
    title = _("Signals that failed in their receivers")
    return table("news", title, heads, rows, more=_list_url(Transition, "dead", site))


def _walk(walk: WalkFigures) -> Panel:
    names = {
        "backfill": _("First copy of %(provider)s"),
        "reconcile": _("Comparison with %(provider)s"),
    }
    title = names.get(walk.purpose, walk.purpose) % {"provider": walk.provider}
    differing = {
        kind: counts
        for kind, counts in walk.report.items()
        if any(counts.get(name) for name in _DRIFT[1:])
    }
    rows = [
        (kind.replace("_", " "), *(str(counts.get(name, 0)) for name in _DRIFT))
        for kind, counts in differing.items()
    ]
    finished = (
        _("Finished: %(when)s") % {"when": when(walk.finished_at)}
        if walk.finished_at
        else _("Running since: %(when)s") % {"when": when(walk.started_at)}
    )
    seen = sum(counts.get("seen", 0) for counts in walk.report.values())
    return table(
        f"walk-{walk.purpose}-{walk.provider}",
        title,
        [_("Kind"), _("Seen"), _("Missing"), _("Outdated"), _("No more"), _("Repaired")],
        rows,
        empty=_("Nothing differed among %(count)s objects.") % {"count": seen},
        note=finished,
    )


def _providers(health: Health) -> Panel:
    rows = [
        (answer.provider, _answered(answer), _endpoint(answer), when(answer.asked_at))
        for answer in health.providers
    ]
    heads = [_("Provider"), _("Answers"), _("Webhook endpoint"), _("Asked")]
    return table("providers", _("At the provider"), heads, rows)


def _answered(answer: ReachedProvider) -> Any:
    if answer.error:
        return format_html("{} {}", tag("failed"), answer.error)
    return _("yes")


def _endpoint(answer: ReachedProvider) -> Any:
    if not answer.endpoint_is_known:
        return _("not known")
    said = "; ".join(answer.endpoint_faults) or _("enabled, for all events")
    parts = [(url,) for url in answer.endpoints] + [(said,)]
    return format_html_join(_LINE, "{}", parts)


def _waiting(queue: Queue, now: datetime) -> str:
    if queue.oldest_due_at is None:
        return str(queue.due)
    age = timesince(queue.oldest_due_at, now)
    return _("%(count)s, the oldest for %(time)s") % {"count": queue.due, "time": age}


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return _("never")
    return _("%(time)s ago") % {"time": timesince(moment, now)}


def _count_link(count: int, model: type[Any], state: str, site: AdminSite) -> Any:
    url = _list_url(model, state, site) if count else ""
    return format_html('<a href="{}">{}</a>', url, count) if url else str(count)


def _list_url(model: type[Any], state: str, site: AdminSite) -> str:
    name = f"admin:polar_django_{model._meta.model_name}_changelist"
    try:
        return f"{reverse(name, current_app=site.name)}?state={state}"
    except NoReverseMatch:
        return ""
