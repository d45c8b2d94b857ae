"""What happened to a customer, newest first: what the mirror noticed, and what staff did."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.admin.sites import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from polar_django.admin.columns import link_to
from polar_django.admin.redaction import redacted_text
from polar_django.models import BenefitGrant, Transition

__all__ = ["Moment", "news_of", "staff_actions_on", "timeline"]

_MOST = 50
_WORDS = {
    "benefit_granted": gettext_lazy("A benefit was granted"),
    "benefit_revoked": gettext_lazy("A benefit was revoked"),
    "customer_linked": gettext_lazy("The customer was linked to a subscriber"),
    "order_paid": gettext_lazy("An order was paid"),
    "order_refunded": gettext_lazy("An order was refunded"),
    "subscription_activated": gettext_lazy("A subscription became active"),
    "subscription_canceled": gettext_lazy("A subscription will not renew"),
    "subscription_revoked": gettext_lazy("A subscription ended"),
    "webhook_processed": gettext_lazy("A delivery was processed"),
}
_SOURCES: dict[str, Any] = {
    Transition.Source.DELIVERY: gettext_lazy("by a delivery"),
    Transition.Source.VERB: gettext_lazy("by an action here"),
    Transition.Source.RETURN_PAGE: gettext_lazy("on the return page"),
    Transition.Source.RECONCILE: gettext_lazy("found by reconcile"),
    Transition.Source.LOCAL: gettext_lazy("by hand"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line: when, what, how it came about."""

    at: datetime
    what: Any
    how: Any


def news_of(customer_id: str) -> list[Transition]:
    """The customer's latest news. One query."""
    found = Transition.objects.filter(customer_id=customer_id).select_related("delivery")
    return list(found.defer("delivery__body").order_by("-happened_at", "-pk")[:_MOST])


def staff_actions_on(rows: Iterable[Model]) -> list[LogEntry]:
    """What the admin's log says of these rows. One query."""
    keys = [str(row.pk) for row in rows]
    models = {type(row) for row in rows}
    kinds = ContentType.objects.get_for_models(*models).values() if models else []
    found = LogEntry.objects.filter(content_type__in=kinds, object_id__in=keys)
    return list(found.select_related("user", "content_type").order_by("-action_time")[:_MOST])


def timeline(
    news: Sequence[Transition],
    known: Mapping[str, str],
    grants: Sequence[BenefitGrant],
    actions: Sequence[LogEntry],
    site: AdminSite,
    *,
    personal: bool,
) -> list[Moment]:
    """One list of all three, newest first. No queries.

    `known` names the objects on the page by their ids; `grants` are those given by hand.
    """
    moments = [_told(item, known, site) for item in news if item.name in _WORDS]
    for grant in grants:
        given = _("%(benefit)s was given by hand") % {"benefit": _benefit(grant)}
        ended = _("%(benefit)s was taken back") % {"benefit": _benefit(grant)}
        for moment, words in ((grant.granted_at, given), (grant.revoked_at, ended)):
            if moment is not None:
                reason = redacted_text(grant.reason, personal=personal)
                moments.append(Moment(moment, link_to(grant, site, words), reason))
    for entry in actions:
        kind = entry.content_type.name if entry.content_type else ""
        how = _("%(who)s, in the admin (%(kind)s)") % {"who": entry.user, "kind": kind}
        text = redacted_text(entry.get_change_message(), personal=personal)
        moments.append(Moment(entry.action_time, text, how))
    return sorted(moments, key=lambda moment: moment.at, reverse=True)[:_MOST]


def _told(item: Transition, known: Mapping[str, str], site: AdminSite) -> Moment:
    words = str(_WORDS[item.name])
    if name := known.get(item.object_id):
        words = f"{words}: {name}"
    about = _model_page(item, site, words)
    how: Any = str(_SOURCES.get(item.source, item.source))
    if item.delivery is not None:
        how = link_to(item.delivery, site, how)
    return Moment(item.happened_at, about, how)


def _model_page(item: Transition, site: AdminSite, words: str) -> Any:
    """A link to what it is about; made from the id alone, without reading the row."""
    try:
        model = apps.get_model("polar_django", item.object_type)
    except LookupError:
        return words
    return link_to(model(pk=item.object_id), site, words)


def _benefit(grant: BenefitGrant) -> str:
    return str(grant.benefit) if grant.benefit else str(grant.benefit_id)
