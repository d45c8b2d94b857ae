"""What a provider need not be able to do."""

import inspect

import pytest

from polar_django.exceptions import NotSupported
from polar_django.providers.optional import OptionalCalls
from polar_django.providers.polar.provider import PolarProvider

# Always answered: a list that every provider has, and addresses that may be unknown.
ANSWERED = {"dashboard_url"}
CALLS = {
    name: method
    for name, method in inspect.getmembers(OptionalCalls, inspect.isfunction)
    if not name.startswith("_") and name not in ANSWERED
}


class Minimal(OptionalCalls):
    name = "minimal"


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_a_provider_does_not_have_says_so(name):
    given = {
        parameter.name: "x"
        for parameter in inspect.signature(CALLS[name]).parameters.values()
        if parameter.name != "self" and parameter.default is parameter.empty
    }
    with pytest.raises(NotSupported, match="minimal"):
        getattr(Minimal(), name)(**given)


@pytest.mark.parametrize("name", CALLS)
def test_polar_can_do_everything(name):
    assert getattr(PolarProvider, name) is not CALLS[name]
