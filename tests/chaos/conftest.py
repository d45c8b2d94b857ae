"""The long runs are left out unless they are asked for by name: `python3 -m tests -m chaos`."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "chaos" in config.getoption("markexpr", ""):
        return
    long = [
        item for item in items if HERE in item.path.parents and item.get_closest_marker("chaos")
    ]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
