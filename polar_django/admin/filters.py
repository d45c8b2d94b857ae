"""Filters of the lists: each offers a fixed choice and asks an index, none counts or scans."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from polar_django.mirror.local_grants import LOCAL
from polar_django.models import BenefitGrant
from polar_django.providers.registry import known_providers

__all__ = ["CustomerFilter", "DeletedFilter", "GrantFilter", "ProviderFilter", "choice_filter"]

Choices = Iterable[tuple[str, Any]]


class ProviderFilter(SimpleListFilter):
    """By provider; left out where there is but one."""

    title = _("provider")
    parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        names = [*known_providers(), *([LOCAL] if model_admin.model is BenefitGrant else ())]
        return [(name, name) for name in names] if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(provider=self.value()) if self.value() else queryset


def choice_filter(column: str, choices: Iterable[str]) -> type[SimpleListFilter]:
    """A filter by one column with these values; others can be asked for in the address."""
    words = [(value, value.replace("_", " ")) for value in choices]

    class ChoiceFilter(SimpleListFilter):
        title = column.replace("_", " ")
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
            return words

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{column: self.value()}) if self.value() else queryset

    return ChoiceFilter


class CustomerFilter(SimpleListFilter):
    """Whose a customer is, and whether it still is one."""

    title = _("link")
    parameter_name = "link"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("linked", _("linked to a subscriber")),
            ("unclaimed", _("unclaimed")),
            ("deleted", _("deleted at the provider")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        conditions = {
            "linked": Q(subscriber__isnull=False, deleted_at__isnull=True),
            "unclaimed": Q(subscriber__isnull=True, deleted_at__isnull=True),
            "deleted": Q(deleted_at__isnull=False),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


class DeletedFilter(SimpleListFilter):
    """For sale or benefits that are no more; the catalogue is small enough for any question."""

    title = _("state")
    parameter_name = "state"
    gone: Q

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("current", _("current")), ("gone", _("archived or deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        gone = getattr(self, "gone", Q())
        conditions = {"current": ~gone, "gone": gone}
        return queryset.filter(conditions.get(self.value() or "", Q()))


class GrantFilter(SimpleListFilter):
    """Whether a grant gives access now."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("live", _("live")),
            ("waiting", _("waiting for the customer")),
            ("revoked", _("revoked")),
            ("expired", _("expired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        conditions = {
            "live": Q(lasting, is_granted=True, is_revoked=False),
            "waiting": Q(is_granted=False, is_revoked=False),
            "revoked": Q(is_revoked=True),
            # Only what is given by hand ends by itself.
            "expired": Q(provider=LOCAL, is_granted=True, is_revoked=False, expires_at__lte=now),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))
