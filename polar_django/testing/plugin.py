"""For pytest: `pytest_plugins = ["polar_django.testing.plugin"]` in the uppermost conftest.py.

Needs pytest-django, and `polar_django.sandbox` in the `INSTALLED_APPS` of the tests.
"""

from collections.abc import Iterator

import pytest

from polar_django.testing.sandbox import Catalogue, Sandbox, catalogue_of_plans, open_sandbox

__all__ = ["polar_catalogue", "polar_sandbox"]


@pytest.fixture
def polar_catalogue() -> Catalogue:
    """What the sandbox sells. Write a fixture of this name to have it sell something else: a dict,
    or the path of a file of `polar_catalog`."""
    return catalogue_of_plans()


@pytest.fixture
def polar_sandbox(db: None, polar_catalogue: Catalogue) -> Iterator[Sandbox]:
    """A whole Polar within the test, which the mirror knows already."""
    with open_sandbox(polar_catalogue) as sandbox:
        yield sandbox
