"""`{% load polar %}`: gates and billing links for templates."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.middleware.csrf import get_token
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from polar_django import entitlements
from polar_django.billing.plans import PlanOffer, ProductOffer, plans_on_offer
from polar_django.billing.prices import price_text, prices_of
from polar_django.conf import get_settings
from polar_django.gating import decide
from polar_django.gating.addresses import safe_next
from polar_django.models import Product

register = template.Library()


@register.filter
def has_benefit(holder: Any, key: str) -> bool:
    """`{% if user|has_benefit:"pro" %}`: whether a subscriber, or a user's seats, hold this now.

    A visitor holds what is free, whatever else is no such object nothing. One query per object the
    first time.
    """
    return isinstance(holder, Model | AnonymousUser) and entitlements.has_benefit(holder, key)


class BenefitNode(template.Node):
    child_nodelists = ("held", "missing")

    def __init__(
        self,
        keys: list[FilterExpression],
        all_of: FilterExpression | None,
        held: NodeList,
        missing: NodeList,
    ) -> None:
        self.keys = keys
        self.all_of = all_of
        self.held = held
        self.missing = missing

    def render(self, context: Context) -> SafeString:
        request = context.get("request")
        # A template without a request, such as an e-mail's, has nobody to ask about.
        allowed = request is not None and (
            decide(
                request,
                [str(key.resolve(context)) for key in self.keys],
                all_of=bool(self.all_of and self.all_of.resolve(context)),
            ).allowed
        )
        return (self.held if allowed else self.missing).render(context)


@register.tag
def benefit(parser: Parser, token: Token) -> BenefitNode:
    """`{% benefit "pro" %} … {% else %} … {% endbenefit %}`: what the request's subscriber sees.

    Several keys: any of them; with `all_of=True`, each. Needs the request context processor;
    without a request, the second part. Costs as `requires_benefit`.
    """
    name, *words = token.split_contents()
    options = token_kwargs(words[-1:], parser) if words else {}
    keys = words[: len(words) - len(options)]
    if not keys or set(options) - {"all_of"}:
        raise template.TemplateSyntaxError(
            f'{{% {name} %}} takes one or more keys, and all_of=True: {{% {name} "pro" %}}.'
        )
    held = parser.parse(("else", f"end{name}"))
    missing = NodeList()
    if parser.next_token().contents == "else":
        missing = parser.parse((f"end{name}",))
        parser.delete_first_token()
    return BenefitNode(
        [parser.compile_filter(key) for key in keys], options.get("all_of"), held, missing
    )


def _wanted_next(context: Context, given: str | None) -> str:
    """Where to return after paying: as given, else what brought the visitor to this page."""
    request = context.get("request")
    if request is None:
        return ""
    return safe_next(request, request.GET.get("next") if given is None else given)


def _checkout_path(context: Context, plan: str) -> str:
    key = get_settings().plan(plan, context.get("request")).key
    return reverse("polar:checkout", args=[key])


@register.simple_tag(takes_context=True)
def checkout_url(context: Context, plan: str, next: str | None = None, discount: str = "") -> str:
    """`{% checkout_url 'pro' %}`: the page that sells a plan, with the way back.

    `next` is a path on this site; by default the page's own `?next=`, with which a gate sent the
    visitor here, `next=""` for none. `discount` is a code that is filled in there. Raises
    UnknownPlan. No query.
    """
    path = _checkout_path(context, plan)
    given = {"discount": discount, "next": _wanted_next(context, next)}
    query = urlencode({name: value for name, value in given.items() if value}, safe="/")
    return f"{path}?{query}" if query else path


@register.simple_tag(takes_context=True)
def checkout_button(
    context: Context,
    plan: str,
    label: str = "",
    next: str | None = None,
    embed: bool = False,
    theme: str = "",
    nonce: str = "",
) -> SafeString:
    """`{% checkout_button "pro" %}`: a form of one button that leads straight to the pay page.

    `label` is its text, `next` as in `checkout_url`. With `embed=True` the pay page opens in a
    frame above this one, `theme` "light" or "dark", where scripts run; the script's address is
    `EMBED_SCRIPT`, and `nonce` the one that your Content-Security-Policy asks for, by default
    `csp_nonce` of the context or the request. Raises UnknownPlan. No query.
    """
    path = _checkout_path(context, plan)
    request = context.get("request")
    token = get_token(request) if request is not None else ""
    fields = [
        ("csrfmiddlewaretoken", token),
        ("next", _wanted_next(context, next)),
        ("embed", "1" if embed else ""),
    ]
    hidden = [
        format_html('<input type="hidden" name="{}" value="{}">', name, value)
        for name, value in fields
        if value
    ]
    return format_html(
        '<form method="post" action="{}" class="polar-checkout"{}>{}'
        '<button type="submit">{}</button></form>{}',
        path,
        _frame_attributes(theme) if embed else "",
        SafeString("".join(hidden)),
        label or _("Continue to payment"),
        _script(context, nonce) if embed else "",
    )


def _frame_attributes(theme: str) -> SafeString:
    if theme not in ("", "light", "dark"):
        raise template.TemplateSyntaxError(
            'The theme of an embedded checkout is "light" or "dark".'
        )
    return format_html(
        ' data-polar-embed data-polar-theme="{}" data-polar-title="{}" data-polar-close="{}"'
        ' data-polar-loading="{}" data-polar-link="{}"',
        theme,
        _("Checkout"),
        _("Close"),
        _("Loading…"),
        _("Open the payment page"),
    )


def _script(context: Context, nonce: str) -> SafeString:
    """The script that opens frames; a page may hold it as often as it has buttons."""
    of_request = getattr(context.get("request"), "csp_nonce", None)
    # As text at once: a nonce that nobody has read yet is false, and in no header unless it is.
    given = (
        str(each) for each in (nonce, context.get("csp_nonce"), of_request) if each is not None
    )
    found = next(filter(None, given), "")
    return format_html(
        '<script src="{}"{} defer></script>',
        get_settings().embed_script or static("polar/embed.js"),
        format_html(' nonce="{}"', found) if found else "",
    )


@register.simple_tag
def portal_url() -> str:
    """`{% portal_url %}`: leads to the provider's page for invoices, cards and cancelling."""
    return reverse("polar:portal")


@register.simple_tag(takes_context=True)
def polar_plans(context: Context, *keys: str) -> list[PlanOffer]:
    """`{% polar_plans as plans %}`: what is for sale, all plans or those named, in their order.

    `plan.key`, `plan.seat_bounds`, and for each in `plan.products`: `name`, `product`,
    `price_texts`, `benefits`. Where a function makes prices, they are the ones of the request's
    subscriber. Raises UnknownPlan. Three queries; nobody is called.
    """
    return plans_on_offer(keys, request=context.get("request"))


@register.simple_tag
def polar_price(product: object) -> str:
    """`{% polar_price product %}`: "$12.00 a month", several prices with a dot between.

    For an entry of `{% polar_plans %}` without a query, for a `Product` with one; "" for all else.
    """
    if isinstance(product, ProductOffer):
        return " · ".join(product.price_texts)
    if not isinstance(product, Product):
        return ""
    return " · ".join(price_text(price, product) for price in prices_of([product])[product.pk])
