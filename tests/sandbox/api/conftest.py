"""A client that checks what it gets against Polar's own schema."""

from collections.abc import Iterator

import pytest

from tests.sandbox.api.checked import OPENAPI, Checked
from tests.sandbox_fixtures import SandboxInTests


@pytest.fixture
def call(sandbox: SandboxInTests) -> Iterator[Checked]:
    if not OPENAPI.is_file():
        pytest.skip("needs ../shared/spec/openapi")
    checked = Checked(sandbox.api)
    yield checked
    assert checked.seen
