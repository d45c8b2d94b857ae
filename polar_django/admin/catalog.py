"""What is for sale. These tables are small; they are searched by words, too."""

from typing import Any

from django.contrib.admin import ModelAdmin, display, register
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from polar_django.admin.columns import money
from polar_django.admin.filters import DeletedFilter, ProviderFilter, choice_filter
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.models import Benefit, Discount, Meter, Price, Product

__all__ = ["BenefitAdmin", "DiscountAdmin", "MeterAdmin", "PriceAdmin", "ProductAdmin"]


class ArchivedFilter(DeletedFilter):
    gone = Q(is_archived=True)


class GoneFilter(DeletedFilter):
    gone = Q(is_deleted=True)


class DiscountFilter(DeletedFilter):
    gone = Q(deleted_at__isnull=False)


class MeterFilter(DeletedFilter):
    gone = Q(archived_at__isnull=False)


class CatalogAdmin(ReadOnlyAdmin):
    """Searched by parts of a word: a shop has thousands of products at most."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Django's own, past ours.
        return ModelAdmin.get_search_results(self, request, queryset, search_term)


@register(Product)
class ProductAdmin(CatalogAdmin):
    list_display = ("name", "key", "recurring_interval", "visibility", "is_archived", "provider")
    list_filter = (ArchivedFilter, ProviderFilter)
    ordering = ("name", "pk")
    search_fields = ("name", "key", "=id")
    search_help_text = _("Part of a name or key, or a whole id.")


@register(Price)
class PriceAdmin(CatalogAdmin):
    list_display = ("id", "product", "amount_type", "amount", "is_archived", "provider")
    list_filter = (ArchivedFilter, ProviderFilter, choice_filter("source", ("catalog", "ad_hoc")))
    ordering = ("-pk",)
    search_fields = ("product__name", "=id")
    search_help_text = _("Part of a product's name, or a whole id.")
    joined = ("product",)

    @display(description=_("amount"))
    def amount(self, row: Price) -> str:
        amount = row.price_amount if row.price_amount is not None else row.unit_amount
        return money(amount, row.price_currency)


@register(Benefit)
class BenefitAdmin(CatalogAdmin):
    list_display = ("__str__", "key", "type", "description", "is_deleted", "provider")
    list_filter = (GoneFilter, ProviderFilter)
    ordering = ("key", "description", "pk")
    search_fields = ("key", "description", "=id")
    search_help_text = _("Part of a key or description, or a whole id.")


@register(Meter)
class MeterAdmin(CatalogAdmin):
    list_display = ("name", "key", "unit", "archived_at", "provider")
    list_filter = (MeterFilter, ProviderFilter)
    ordering = ("name", "pk")
    search_fields = ("name", "key", "=id")
    search_help_text = _("Part of a name or key, or a whole id.")


@register(Discount)
class DiscountAdmin(CatalogAdmin):
    list_display = ("name", "code", "type", "duration", "redemptions_count", "ends_at", "provider")
    list_filter = (DiscountFilter, ProviderFilter)
    ordering = ("name", "pk")
    search_fields = ("name", "code", "=id")
    search_help_text = _("Part of a name or code, or a whole id.")
