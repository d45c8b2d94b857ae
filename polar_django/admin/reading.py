"""The read-only base of every list and page: the admin shows the mirror, it does not edit it.

Lists stay fast at a million rows: they are sorted by an index and by nothing else, counted to a
bound, searched by equality (`searching`), and leave the big columns out.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin, ShowFacets
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Field,
    ForeignKey,
    JSONField,
    Model,
    QuerySet,
)
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from polar_django.admin.columns import dashboard_url, link_to, money, related, shortened, tag
from polar_django.admin.counting import BoundedPaginator, PagedList
from polar_django.admin.panels import when
from polar_django.admin.redaction import (
    masked,
    may_view_personal_data,
    named,
    pretty,
    redacted_text,
)
from polar_django.admin.searching import matching
from polar_django.models.fields import ProviderIdField

__all__ = ["ReadOnlyAdmin"]

_TECHNICAL = frozenset({"provider", "created_at", "modified_at", "as_of", "synced_at"})
Shown = Callable[[Any], Any]


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Nothing is added, changed or deleted here; what can be done is an action (`actions`).

    `search_fields` are the columns that a search compares as a whole. `personal` columns are masked
    without the permission, `secret` ones always. `big` columns are read on a row's own page only.
    """

    personal: ClassVar[frozenset[str]] = frozenset()
    secret: ClassVar[frozenset[str]] = frozenset()
    big: ClassVar[Sequence[str]] = ("raw",)
    joined: ClassVar[Sequence[str]] = ()

    search_fields: ClassVar[tuple[str, ...]] = ("pk",)
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    sortable_by = ()
    list_per_page = 50
    # "Show all" would read past the pages.
    list_max_show_all = 0
    empty_value_display = "-"
    change_form_template = "admin/polar_django/change_form.html"
    search_help_text: ClassVar[Any] = gettext_lazy(
        "A whole id, e-mail address, external id, invoice number, or the subscriber's key or name."
    )

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["polar/admin.css"]}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """In the address, rows are chosen by what they point to, and by the filters offered.

        Django allows every comparison of every column: a masked address, or a secret, could be
        guessed letter by letter, and each guess would read the whole table.
        """
        columns = self.model._meta.concrete_fields
        if lookup.partition("__")[0] not in {
            name for field in columns for name in (field.name, field.attname, "pk")
        }:
            return bool(super().lookup_allowed(lookup, value, request))
        offered = {getattr(one, "parameter_name", one) for one in self.list_filter}
        keys = {
            f"{field.name}__{field.target_field.name}__exact"
            for field in columns
            if isinstance(field, ForeignKey)
        }
        return lookup in offered | keys

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's own; a note is free text, in which a colleague may have written an address."""
        answer = super().history_view(request, object_id, extra_context)
        see = may_view_personal_data(request)
        for entry in (getattr(answer, "context_data", None) or {}).get("action_list", ()):
            entry.change_message = redacted_text(entry.get_change_message(), personal=see)
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All rows with what they point to, without their big columns."""
        rows = super().get_queryset(request)
        beside = [f"{name}__raw" for name in self.joined if _column(self.model, f"{name}__raw")]
        if self.joined:
            rows = rows.select_related(*self.joined)
        return rows.defer(*self.big, *beside)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[PagedList]:
        return PagedList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What `searching.matching` finds; the text is one whole, spaces included."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(matching(self.model, self.search_fields, search_term)), False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        see = may_view_personal_data(request)
        return [self._listed(name, see) for name in self.list_display]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        return list_display[:1]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The row's columns in three boxes: what it says, how it is mirrored, its JSON."""
        see = may_view_personal_data(request)
        said: list[Any] = []
        technical: list[Any] = []
        stored: list[Any] = []
        for field in self.model._meta.concrete_fields:
            if isinstance(field, JSONField):
                stored.append(self._json(field, see))
            elif field.name in _TECHNICAL:
                technical.append(field.name)
            elif field.get_internal_type() != "BinaryField":
                said.append(self._shown(field, see))
        said = [*self.first_fields(request, obj), *said]
        boxes = [(None, said), (_("Mirror"), technical), ("JSON", stored)]
        return [
            (title, {"fields": fields, "classes": ["collapse"] if title else []})
            for title, fields in boxes
            if fields
        ]

    def first_fields(self, request: HttpRequest, obj: Any) -> Iterable[Any]:
        """What stands above the row's own columns: the way to the provider's own page."""
        url = dashboard_url(obj) if obj is not None and _column(self.model, "raw") else ""
        if not url:
            return []
        text = _("Open at %(provider)s") % {"provider": obj.provider}
        link = format_html('<a href="{}" rel="noreferrer" target="_blank">{} ↗</a>', url, text)
        return [_named("at_the_provider", _("Dashboard"), lambda row: link)]

    def _listed(self, name: Any, see: bool) -> Any:
        """A column of the list: ids short, links as links, personal data masked."""
        if name in self.personal:
            return self._masked(name, see)
        field = next((item for item in self.model._meta.concrete_fields if item.name == name), None)
        if isinstance(field, ForeignKey):
            return _named(name, field.verbose_name, lambda row: self._short_link(row, name, see))
        if isinstance(field, ProviderIdField):
            return _named(name, field.verbose_name, lambda row: shortened(getattr(row, name)))
        if field is not None and _is_text(field):
            return self._redacted(field, see)
        return name

    def _short_link(self, row: Any, name: str, see: bool) -> SafeString | str:
        other = related(row, name)
        if other is None:
            return "-"
        return link_to(other, self.admin_site, shortened(named(other, personal=see)))

    def _redacted(self, field: Any, see: bool) -> Shown:
        shown = partial(redacted_text, personal=see)
        return _named(
            field.name,
            field.verbose_name,
            lambda row: shown(getattr(row, field.name) or "") or "-",
        )

    def _shown(self, field: Any, see: bool) -> Any:
        name = field.name
        if name in self.secret:
            return _named(name, field.verbose_name, lambda row: _("not shown: it holds a secret"))
        if name in self.personal:
            return self._masked(name, see)
        if isinstance(field, ForeignKey):
            return _named(name, field.verbose_name, lambda row: self._linked(row, field, see))
        if name in {"status", "state"}:
            return _named(name, field.verbose_name, lambda row: tag(getattr(row, name)))
        if isinstance(field, BigIntegerField) and name.endswith("amount"):
            return _named(name, field.verbose_name, lambda row: self._money(row, name))
        if isinstance(field, DateTimeField):
            # Django's own way ends in an error for a moment that no time zone knows.
            return _named(
                name,
                field.verbose_name,
                lambda row: when(getattr(row, name), "DATETIME_FORMAT") or "-",
            )
        return self._redacted(field, see) if _is_text(field) else name

    def _linked(self, row: Any, field: Any, see: bool) -> SafeString | str:
        """A link; where the row pointed to has not come yet, its id."""
        other = related(row, field.name)
        if other is not None:
            return link_to(other, self.admin_site, named(other, personal=see))
        missing = getattr(row, field.attname)
        return _("%(id)s (not in the mirror)") % {"id": missing} if missing else "-"

    def _money(self, row: Any, name: str) -> str:
        currency = getattr(row, "currency", None) or getattr(row, "price_currency", None)
        return money(getattr(row, name), currency or "") or "-"

    def _masked(self, name: str, see: bool) -> Shown:
        label = self.model._meta.get_field(name).verbose_name
        return _named(name, str(label), lambda row: masked(getattr(row, name), personal=see) or "-")

    def _json(self, field: Any, see: bool) -> Shown:
        return _named(
            field.name,
            str(field.verbose_name),
            lambda row: pretty(getattr(row, field.name), personal=see) or "-",
        )


def _named(name: str, label: Any, function: Shown) -> Shown:
    """A function as the admin wants its columns: with a name for CSS, and a title."""
    function.__name__ = f"shown_{name}"
    function.short_description = label  # type: ignore[attr-defined]  # Django's way
    return function


def _is_text(field: Any) -> bool:
    """Whether the column holds words, in which anything may stand."""
    return field.get_internal_type() in {"CharField", "TextField"} and not field.choices


def _column(model: type[Model], path: str) -> bool:
    """Whether there is such a column, also over links: "customer__raw"."""
    first, _link, rest = path.partition("__")
    field: Field[Any, Any] | None = next(
        (item for item in model._meta.concrete_fields if item.name == first), None
    )
    if field is None or not rest:
        return field is not None
    return field.related_model is not None and _column(field.related_model, rest)
