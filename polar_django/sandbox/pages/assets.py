"""The stylesheet and the script."""

from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.views.static import serve

__all__ = ["asset"]

FOLDER = Path(__file__).parent.parent / "static" / "polar_sandbox"


@login_not_required
def asset(request: HttpRequest, name: str) -> HttpResponseBase:
    """One file of the sandbox's static folder; 404 where there is none.

    Not left to the project's staticfiles: the pages look the same in every project and alone.
    """
    return serve(request, name, document_root=str(FOLDER))
