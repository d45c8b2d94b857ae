"""Benefits with their reasons, as a table: for the customer's page and for a user's."""

from collections.abc import Iterable

from django.contrib.admin.sites import AdminSite
from django.utils.translation import gettext as _

from polar_django.admin.columns import link_to, tag
from polar_django.admin.panels import Panel, table, when
from polar_django.admin.reasons import benefit_name, how_it_ended, state_of, why_held
from polar_django.models import BenefitGrant

__all__ = ["grant_panel"]


def grant_panel(
    name: str,
    title: str,
    grants: Iterable[BenefitGrant],
    site: AdminSite,
    more: str = "",
    *,
    personal: bool,
) -> Panel:
    """The grants of `reasons.explained`: what, its state, since when, why, and why not any more."""
    rows = [
        (
            link_to(grant, site, benefit_name(grant)),
            tag(state_of(grant)),
            when(grant.granted_at or grant.created_at),
            why_held(grant, site, personal=personal),
            how_it_ended(grant),
        )
        for grant in grants
    ]
    heads = (_("Benefit"), _("State"), _("Since"), _("Why"), _("End"))
    return table(name, title, heads, rows, more=more)
