"""Why somebody holds a benefit, and why they no longer do, in a sentence for support."""

from typing import Any

from django.contrib.admin.sites import AdminSite
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from polar_django.admin.columns import link_to
from polar_django.admin.panels import when
from polar_django.admin.redaction import named, redacted_text
from polar_django.mirror.local_grants import LOCAL
from polar_django.models import BenefitGrant

__all__ = ["EXPLAINED", "benefit_name", "explained", "how_it_ended", "state_of", "why_held"]

# What `why_held` and `how_it_ended` look at, to be joined to the grants.
EXPLAINED = (
    "benefit",
    "customer",
    "member",
    "order",
    "order__product",
    "subscription",
    "subscription__product",
    "user",
)


def explained(grants: QuerySet[BenefitGrant], most: int) -> list[BenefitGrant]:
    """The newest of these grants, with all that explains them. Two queries.

    Which they are is asked first: joined at once, the database is tempted to join whole tables.
    """
    newest = grants.order_by("-created_at", "pk").values_list("pk", flat=True)
    big = [f"{name}__raw" for name in EXPLAINED if name != "user"]
    found = BenefitGrant.objects.filter(pk__in=list(newest[:most])).select_related(*EXPLAINED)
    return list(found.defer("raw", *big).order_by("-created_at", "pk"))


def benefit_name(grant: BenefitGrant) -> str:
    """The benefit's key or words; of one that is not mirrored, its id."""
    return str(grant.benefit) if grant.benefit else str(grant.benefit_id or "?")


def state_of(grant: BenefitGrant) -> str:
    """ "live", "revoked", "expired" or "waiting"."""
    if grant.is_live():
        return "live"
    if grant.is_revoked:
        return "revoked"
    return "expired" if grant.is_granted else "waiting"


def why_held(grant: BenefitGrant, site: AdminSite, *, personal: bool = False) -> SafeString | str:
    """Through which purchase, seat, or hand it came; without addresses unless `personal`."""
    if grant.provider == LOCAL:
        reason = redacted_text(grant.reason, personal=personal)
        return _("Given by hand: %(reason)s") % {"reason": reason or _("no reason was given")}
    if grant.subscription_id:
        source = _purchase(
            _("Subscription to %(product)s"), grant.subscription, grant.subscription_id, site
        )
    elif grant.order_id:
        source = _purchase(_("Purchase of %(product)s"), grant.order, grant.order_id, site)
    else:
        source = _("By the provider, through no known purchase")
    if not grant.is_seat:
        return source
    nobody = _("a member who is nobody here yet")
    holder = named(grant.user, personal=personal) if grant.user else nobody
    return format_html("{} · {}", source, _("seat of %(holder)s") % {"holder": holder})


def _purchase(sentence: str, bought: Any, bought_id: str, site: AdminSite) -> SafeString | str:
    if bought is None:
        return sentence % {"product": _("something not mirrored yet (%(id)s)") % {"id": bought_id}}
    product = str(bought.product) if bought.product else str(bought.product_id or "?")
    return link_to(bought, site, sentence % {"product": product})


def how_it_ended(grant: BenefitGrant) -> str:
    """When it ended and why, as far as the mirror can tell; why it waits; "" while it is live."""
    state = state_of(grant)
    if state == "live":
        ends = grant.expires_at
        return _("Until %(when)s") % {"when": when(ends)} if ends else ""
    if state == "waiting":
        return _waits(grant)
    if state == "expired":
        return _("%(when)s: its time was over") % {"when": when(grant.expires_at)}
    reason = _cause(grant)
    if grant.revoked_at is None:
        return reason
    return _("%(when)s: %(reason)s") % {"when": when(grant.revoked_at), "reason": reason}


def _waits(grant: BenefitGrant) -> str:
    if grant.error:
        kind = grant.error.get("type") if isinstance(grant.error, dict) else ""
        return _("The provider waits for the customer (%(kind)s)") % {"kind": kind or _("an error")}
    return _("The provider has not granted it yet")


def _cause(grant: BenefitGrant) -> str:
    """What the other rows say of it; the provider itself names no cause."""
    if grant.provider == LOCAL:
        return _("taken back by hand")
    bought = grant.subscription or grant.order
    if grant.customer is not None and grant.customer.deleted_at is not None:
        return _("the customer was deleted at the provider")
    if grant.member is not None and grant.member.deleted_at is not None:
        return _("the member was removed")
    if grant.subscription is not None and grant.subscription.has_ended:
        return _("the subscription ended (%(status)s)") % {"status": grant.subscription.status}
    if grant.subscription is not None and grant.subscription.status == "past_due":
        return _("a payment failed, and the grace period is over")
    if grant.subscription is not None and grant.subscription.status == "paused":
        return _("the subscription is paused")
    if grant.order is not None and grant.order.refunded_amount:
        return _("the order was refunded")
    if grant.benefit is not None and grant.benefit.is_deleted:
        return _("the benefit was deleted")
    if grant.is_seat:
        return _("the seat was taken back")
    product = getattr(bought, "product", None)
    if product is not None and grant.benefit_id not in (product.benefit_ids or []):
        return _("the product does not include it any more")
    return _("by the provider, for no reason that is mirrored")
