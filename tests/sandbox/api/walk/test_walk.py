"""Every method of the official client, over HTTP: it succeeds, and it is refused."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from polar.v2026_10 import Polar

from tests.sandbox.api.walk.absent import ABSENT
from tests.sandbox.api.walk.catalogue import CATALOGUE
from tests.sandbox.api.walk.customers import CUSTOMERS
from tests.sandbox.api.walk.portal import PORTAL
from tests.sandbox.api.walk.sales import SALES
from tests.sandbox.api.walk.step import Steps, outcome
from tests.sandbox.api.walk.usage import USAGE
from tests.sandbox.api.walk.world import World

STEPS: Steps = {
    **CATALOGUE,
    **CUSTOMERS,
    **SALES,
    **USAGE,
    **{f"customer_portal.{name}": step for name, step in PORTAL.items()},
    **ABSENT,
}
SERVICES = sorted({name.rpartition(".")[0] for name in STEPS})


def methods(service: Any, prefix: str = "") -> Iterator[str]:
    """The client's methods that ask one thing; `iter_…` only ask a list for its pages."""
    for name in vars(type(service)):
        is_request = not name.startswith(("_", "iter_"))
        if is_request and inspect.isfunction(inspect.getattr_static(service, name)):
            yield prefix + name
    for name, part in vars(service).items():
        if not name.startswith("_") and name != "client":
            yield from methods(part, f"{prefix}{name}.")


@pytest.fixture(
    params=[
        "v2026_10",
        # The same once more in the client's older and newer types.
        pytest.param("v2026_04", marks=pytest.mark.matrix),
        pytest.param("v2027_01", marks=pytest.mark.matrix),
    ]
)
def world(
    request: pytest.FixtureRequest, live_server: Any, transactional_db: None
) -> Iterator[World]:
    client = import_module(f"polar.{request.param}").Polar
    world = World(f"{live_server.url}/sandbox", client)
    yield world
    world.close()


def test_no_method_of_the_client_is_left_out() -> None:
    known = set(methods(Polar("token", base_url="http://127.0.0.1")))
    assert len(known) > 180
    assert set(STEPS) == known


@pytest.mark.parametrize("service", SERVICES)
def test_each_method_succeeds_and_is_refused(world: World, service: str) -> None:
    steps = {name: step for name, step in STEPS.items() if name.rpartition(".")[0] == service}
    expected = {name: (step.answers, step.status) for name, step in steps.items()}
    assert {
        name: (outcome(step.good, world), outcome(step.bad, world)) for name, step in steps.items()
    } == expected
