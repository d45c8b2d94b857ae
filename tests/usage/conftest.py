"""A meter of tokens at the sandbox, which the mirror knows."""

from typing import Any

import pytest

from polar_django.models import Meter
from tests.mirror.worlds import mirror_all


def make_meter(sandbox: Any, key: str = "tokens", *, func: str = "sum", name: str = "ai_usage"):
    """A meter over the events of that name, through the API; its row in the mirror."""
    aggregation = {"func": func}
    if func != "count":
        aggregation["property"] = "total_tokens"
    made = sandbox.api.post(
        "/v1/meters/",
        json={
            "name": f"The meter {key}",
            "filter": {
                "conjunction": "and",
                "clauses": [{"property": "name", "operator": "eq", "value": name}],
            },
            "aggregation": aggregation,
            "metadata": {"key": key},
        },
    )
    assert made.status_code == 201, made.text
    mirror_all()
    return Meter.objects.get(key=key)


@pytest.fixture
def tokens(sandbox):
    return make_meter(sandbox)


def events_at_polar(sandbox: Any, **filters: Any) -> list[dict[str, Any]]:
    """What was ingested, oldest first."""
    query = {"source": "user", "limit": 100, "sorting": "timestamp", **filters}
    answer = sandbox.api.get("/v1/events/", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.fixture
def at_polar(sandbox):
    return lambda **filters: events_at_polar(sandbox, **filters)
