"""docs/testing.md: its tests are run, as a project would run them."""

import inspect

import pytest
from django.http import HttpResponse
from django.urls import include, path

from polar_django import testing
from polar_django.decorators import requires_benefit
from polar_django.testing.plugin import polar_catalogue, polar_sandbox
from tests.docs.blocks import ROOT, blocks

__all__ = ["polar_catalogue", "polar_sandbox"]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
PAGE = ROOT / "docs" / "testing.md"


@requires_benefit("pro")
def report(request):
    return HttpResponse("report")


urlpatterns = [
    path("billing/", include("polar_django.urls")),
    path("report/", report),
]


def cases_of_the_page():
    for block in blocks(PAGE):
        if block.file.startswith("test_"):
            names = {}
            exec(compile(block.text, block.file, "exec"), names)
            for name, value in names.items():
                if name.startswith("test_"):
                    yield pytest.param(value, id=name)


@pytest.mark.parametrize("test", list(cases_of_the_page()))
def test_the_pages_test_passes(test, request):
    test(**{name: request.getfixturevalue(name) for name in inspect.signature(test).parameters})


def test_every_function_is_described():
    text = PAGE.read_text("utf-8")
    for name in testing.__all__:
        assert f"`{name}(" in text, name
