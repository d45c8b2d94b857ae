"""What staff may do, as data: a name, a permission, a question, and the function that does it.

An action is asked for on a list or on a row's page, confirmed on a page of its own, and done by one
function of `polar_django.admin.work`, named by its dotted path: the verbs bring the task queue and
the HTTP client along, which a process that only starts has no use for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

__all__ = ["NoteForm", "Outcome", "StaffAction", "always"]


class NoteForm(forms.Form):
    """The form of every action; others add what they need to know."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        help_text=_("Kept in the admin's log beside your name and what was done."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Last, below what the action itself asks.
        self.fields["note"] = self.fields.pop("note")

    def offer(self, request: HttpRequest, site: AdminSite, rows: Sequence[Any]) -> None:
        """Fit the form to whoever fills it in, and to the rows it is about."""

    def log_text(self) -> str:
        """What was asked for, as the log tells it; without the note."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one row. `error` is empty where it was done, `detail` goes into the log.

    `is_partial` where it was done, but for something that `detail` tells. `redirect` is an address
    to go to: it may hold a secret, and is neither logged nor shown.
    """

    row: Model
    error: str = ""
    detail: str = ""
    is_partial: bool = False
    redirect: str = ""


Work = Callable[[Sequence[Any], dict[str, Any]], Iterator[Outcome]]


def always(row: Any) -> bool:
    """For actions that any row allows."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAction:
    """One thing to do to rows of a model.

    `question` and `done` are plurals of Django (`ngettext_lazy`) over `count`. `work` is the dotted
    name of a function that takes the rows and the form's values, and yields an Outcome for each.
    `fits` says on which rows' pages it is offered. `most` rows are taken at once: each may cost a
    call to the provider. With `alone`, it is no action of the list; with `without_rows`, it makes a
    row rather than change one.
    """

    name: str
    label: Any
    permission: str
    question: Any
    explanation: Any
    done: Any
    work: str
    form: type[NoteForm] = NoteForm
    fits: Callable[[Any], bool] = always
    most: int = 25
    alone: bool = False
    without_rows: bool = False
    is_grave: bool = False

    def run(self, rows: Sequence[Any], values: dict[str, Any]) -> Iterator[Outcome]:
        """Do it; each outcome as soon as it is known, so that it can be logged."""
        work: Work = import_string(self.work)
        yield from work(rows, values)
