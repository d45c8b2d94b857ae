"""The pages of a list, without reading a million rows.

`COUNT(*)` reads all that it counts. Nobody leafs to page two thousand, so counting ends where it
has found enough; search and filters lead further.
"""

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

__all__ = ["AtLeast", "BoundedPaginator", "PagedList"]

ENOUGH = 5_000


class AtLeast(int):
    """A number of rows that was not counted to its end; written with a plus."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """A paginator that counts up to five thousand rows. One query."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        found = rows.order_by().values("pk")[: ENOUGH + 1].count()
        return AtLeast(ENOUGH) if found > ENOUGH else int(found)

    def page(self, number: Any) -> Page:  # type: ignore[type-arg]  # not generic at run time
        """The rows of a page: which ones, from an index, then these alone with all they point to.

        Otherwise the database joins thousands of rows to leave them out again. Two queries.
        """
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows: Any = self.object_list
        keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)


class PagedList(ChangeList):
    """A list whose one page is read as one of many is; Django would read it without its pages."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list
