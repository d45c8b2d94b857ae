"""The raw door, against the sandbox and against answers it never gives."""

import httpx
import pytest
from asgiref.sync import async_to_sync

from polar_django.billing import apolar_client, polar_client
from polar_django.exceptions import (
    ConfigurationError,
    InvalidRequest,
    ObjectNotFound,
    ProviderUnavailable,
)
from polar_django.providers.transport import mounted


def test_any_endpoint_is_read_and_written(sandbox):
    client = polar_client()
    made = client.post("/v1/discounts/", {**HALF, "code": "HALF"})
    assert made["code"] == "HALF"
    place = {"id": made["id"]}
    client.patch("/v1/discounts/{id}", {"name": "A half"}, path=place)
    assert client.get("/v1/discounts/{id}", path=place)["name"] == "A half"
    assert client.get("/v1/discounts/", params={"query": "nothing"})["items"] == []
    assert client.delete("/v1/discounts/{id}", path=place) is None
    with pytest.raises(ObjectNotFound):
        client.get("/v1/discounts/{id}", path=place)


HALF = {"name": "Half", "type": "percentage", "basis_points": 5000, "duration": "once"}


def test_a_list_is_walked_page_by_page(sandbox):
    client = polar_client()
    for number in range(5):
        client.post("/v1/discounts/", {**HALF, "name": f"Number {number}"})
    pages = list(client.pages("/v1/discounts/", params={"limit": 2, "sorting": "created_at"}))
    assert [len(items) for items in pages] == [2, 2, 1]
    assert [row["name"] for items in pages for row in items] == [f"Number {n}" for n in range(5)]


def test_errors_are_ours_and_name_the_path_without_its_values(sandbox):
    with pytest.raises(ObjectNotFound) as missing:
        polar_client().get("/v1/customers/external/{key}", path={"key": "ada@example.com"})
    assert "/v1/customers/external/{key}" in str(missing.value)
    assert "ada" not in str(missing.value)
    with pytest.raises(InvalidRequest):
        polar_client().post("/v1/discounts/", {})


@pytest.mark.parametrize("path", ["v1/orders/", "@evil.example/", "https://evil.example/", ""])
def test_the_token_goes_to_the_provider_only(settings, path):
    asked = []
    with mounted(httpx.MockTransport(asked.append)), pytest.raises(ValueError, match="slash"):
        polar_client().get(path)
    assert asked == []


@pytest.mark.parametrize(
    ("path", "given"),
    [("/v1/orders/{id}", {}), ("/v1/orders/", {"id": "1"}), ("/v1/{a}/{b}", {"a": "1"})],
)
def test_what_stands_in_braces_is_given_and_nothing_else(path, given):
    with pytest.raises(ValueError, match="braces"):
        polar_client().get(path, path=given)


def answering(*bodies):
    answers = iter(bodies)
    return mounted(httpx.MockTransport(lambda request: httpx.Response(200, json=next(answers))))


def test_a_list_that_says_only_whether_there_is_more_is_walked_to_its_end():
    more = {"items": [1], "pagination": {"has_next_page": True}}
    last = {"items": [2], "pagination": {"has_next_page": False}}
    with answering(more, last):
        assert list(polar_client().pages("/v1/events/")) == [[1], [2]]


@pytest.mark.parametrize("body", [{}, [], {"items": None}])
def test_what_is_no_list_is_not_walked(body):
    with answering(body), pytest.raises(ProviderUnavailable, match="something else"):
        list(polar_client().pages("/v1/events/"))


def test_a_list_that_repeats_itself_is_not_walked_for_ever():
    page = {"items": [1], "pagination": {"max_page": 9}}
    with answering(page, page), pytest.raises(ProviderUnavailable, match="repeats"):
        list(polar_client().pages("/v1/events/"))


def test_async_code_has_a_client_too(sandbox):
    async def work():
        client = apolar_client()
        made = await client.post("/v1/discounts/", HALF)
        place = {"id": made["id"]}
        await client.patch("/v1/discounts/{id}", {"name": "A half"}, path=place)
        named = await client.get("/v1/discounts/{id}", path=place)
        listed = [row async for items in client.pages("/v1/discounts/") for row in items]
        await client.delete("/v1/discounts/{id}", path=place)
        return named["name"], len(listed)

    assert async_to_sync(work)() == ("A half", 1)


def test_without_a_token_it_says_what_to_set(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "ACCESS_TOKEN": ""}
    with pytest.raises(ConfigurationError, match="ACCESS_TOKEN"):
        polar_client()
