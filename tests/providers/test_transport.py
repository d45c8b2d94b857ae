import gzip
import logging
import traceback
from datetime import UTC, datetime

import httpx
import pytest

from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    ConfigurationError,
    InvalidRequest,
    ObjectNotFound,
    PaymentFailed,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.providers.transport import mounted
from tests.providers.fakes import BASE, Server, Waits, answer, transport


def get(client, **query):
    return client.request("GET", "/v1/orders/{id}", path={"id": "ord-1"}, query=query)


def post(client):
    return client.request("POST", "/v1/checkouts/", body={"products": ["pro"]})


def test_a_call_carries_the_token_and_comes_back_as_json():
    with Server(answer(201, {"id": "chk"})) as server:
        reply = post(transport())
    [request] = server.requests
    assert request.headers["authorization"] == "Bearer polar_oat_hidden"
    assert request.headers["content-type"] == "application/json"
    assert str(request.url) == f"{BASE}/v1/checkouts/"
    assert server.bodies == [{"products": ["pro"]}]
    assert (reply.status, reply.data) == (201, {"id": "chk"})
    assert reply.answered_at == datetime(2026, 11, 21, 8, tzinfo=UTC)


def test_a_query_writes_flags_lists_times_and_metadata_as_polar_reads_them():
    with Server(answer()) as server:
        get(
            transport(),
            active=True,
            status=["active", "trialing"],
            started_after=datetime(2026, 11, 21, tzinfo=UTC),
            metadata={"plan": "a b"},
            missing=None,
        )
    assert list(httpx.QueryParams(server.requests[0].url.query).multi_items()) == [
        ("active", "true"),
        ("status", "active"),
        ("status", "trialing"),
        ("started_after", "2026-11-21T00:00:00+00:00"),
        ("metadata[plan]", "a b"),
    ]


@pytest.mark.parametrize(
    "value", ["a?b", "a#b", "a b", "ä", "50%2F", "a\\b", "a&b=c", "x@y.example"]
)
def test_an_id_stays_one_segment_of_the_path(value):
    with Server(answer()) as server:
        transport().request("GET", "/v1/customers/external/{id}", path={"id": value})
    url = server.requests[0].url
    assert url.path == f"/v1/customers/external/{value}"
    assert url.raw_path.count(b"/") == 4
    assert not url.query


def test_an_application_in_this_process_can_stand_in_for_the_server():
    def application(environ, start_response):
        start_response("200 OK", [("X-Polar-Sandbox-Time", "2027-01-02T03:04:05+00:00")])
        return [b'{"path": "%s"}' % environ["PATH_INFO"].encode()]

    with mounted(httpx.WSGITransport(app=application)):
        reply = get(transport(base_url="http://testserver/sandbox"))
    assert reply.data == {"path": "/sandbox/v1/orders/ord-1"}
    assert reply.answered_at == datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "../1", "x" * 1001, "\ud800"])
def test_an_id_that_is_a_path_is_refused_before_anything_is_sent(value):
    with Server(answer()) as server, pytest.raises(InvalidRequest):
        transport().request("GET", "/v1/orders/{id}", path={"id": value})
    assert server.requests == []


class TestProviderTime:
    def test_our_sandbox_tells_it_to_the_microsecond(self):
        told = {"X-Polar-Sandbox-Time": "2027-01-02T03:04:05.000006Z"}
        with Server(answer(headers=told)):
            assert get(transport()).answered_at == datetime(2027, 1, 2, 3, 4, 5, 6, tzinfo=UTC)

    @pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 08:00:00 GMT"])
    def test_without_a_readable_date_it_is_unknown(self, date):
        with Server(answer(headers={"Date": date})):
            assert get(transport()).answered_at is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "data", "kind"),
        [
            (400, {"error": "PaymentError", "detail": "x"}, ActionRefused),
            (401, {"error": "invalid_token", "error_description": "x"}, AuthenticationFailed),
            (402, {"error": "PaymentFailed", "detail": "x"}, PaymentFailed),
            (403, {"error": "insufficient_scope"}, AuthenticationFailed),
            (403, {"error": "AlreadyCanceledSubscription", "detail": "x"}, ActionRefused),
            (404, {"error": "ResourceNotFound", "detail": "Not found"}, ObjectNotFound),
            (409, {"error": "CheckoutLocked", "detail": "x"}, ActionRefused),
            (410, {"error": "ResourceUnavailable", "detail": "x"}, ActionRefused),
            (412, {"error": "OrderNotDraft", "detail": "x"}, ActionRefused),
            (422, {"error": "RequestValidationError", "detail": []}, InvalidRequest),
        ],
    )
    def test_each_status_has_its_exception_with_the_providers_code(self, status, data, kind):
        with Server(answer(status, data)), pytest.raises(ProviderError) as raised:
            post(transport())
        assert type(raised.value) is kind
        assert (raised.value.status, raised.value.code) == (status, data["error"])

    def test_a_403_that_no_api_wrote_is_about_the_token(self):
        with Server(answer(403, content=b"<html>")), pytest.raises(AuthenticationFailed):
            get(transport())

    def test_invalid_values_are_named_by_place_and_kept_in_errors(self):
        problem = {
            "type": "value_error",
            "loc": ["body", "individual", "email"],
            "msg": "ada@example.com is not valid",
            "input": "ada@example.com",
        }
        data = {"error": "RequestValidationError", "detail": [problem]}
        with Server(answer(422, data)), pytest.raises(InvalidRequest) as raised:
            post(transport())
        assert "body.individual.email" in str(raised.value)
        assert "ada@" not in str(raised.value)
        assert raised.value.errors == (problem,)

    def test_a_422_that_is_one_sentence_is_an_error_too(self):
        data = {"error": "CheckoutCustomerExternalIdMismatch", "detail": "Not the same."}
        with Server(answer(422, data)), pytest.raises(InvalidRequest) as raised:
            post(transport())
        assert raised.value.errors[0]["msg"] == "Not the same."

    def test_an_unknown_route_says_which_settings_to_check(self):
        unknown = answer(404, {"detail": "Not Found"})
        with Server(unknown), pytest.raises(ObjectNotFound, match="API_VERSION"):
            get(transport())

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed_and_says_what_to_do(self, status):
        elsewhere = answer(status, headers={"Location": "https://elsewhere.example/"})
        with Server(elsewhere) as server, pytest.raises(ProviderError, match="final address"):
            get(transport())
        assert len(server.requests) == 1

    def test_a_code_that_is_a_sentence_does_not_get_into_the_message(self):
        with Server(answer(400, {"error": "ada@example.com?"})), pytest.raises(ActionRefused) as e:
            post(transport())
        assert "ada" not in str(e.value)


class TestRetries:
    def test_a_read_is_repeated_after_a_server_error(self):
        waits = Waits()
        with Server(answer(500, content=b"Internal Server Error"), answer(200, {"id": "x"})):
            assert get(transport(waits)).data == {"id": "x"}
        assert waits == [0.4]

    def test_a_read_is_given_up_after_three_attempts(self):
        waits = Waits()
        with Server(answer(503)) as server, pytest.raises(ProviderUnavailable) as raised:
            get(transport(waits))
        assert (len(server.requests), raised.value.status) == (3, 503)
        assert waits == [0.4, 0.8]

    def test_a_write_is_not_repeated_after_a_server_error(self):
        with Server(answer(500), answer()) as server, pytest.raises(ProviderUnavailable):
            post(transport())
        assert len(server.requests) == 1

    def test_a_write_that_was_refused_for_being_too_many_is_repeated_when_asked(self):
        waits = Waits()
        with Server(answer(429, content=b"", headers={"Retry-After": "2"}), answer(201)) as server:
            assert post(transport(waits)).status == 201
        assert (len(server.requests), waits) == (2, [2.0])

    def test_a_wait_that_is_too_long_is_the_callers_to_do(self):
        waits = Waits()
        limited = answer(429, content=b"", headers={"Retry-After": "60"})
        with Server(limited) as server, pytest.raises(RateLimited) as raised:
            get(transport(waits))
        assert (raised.value.retry_after, len(server.requests), waits) == (60.0, 1, [])

    def test_a_wait_may_be_asked_for_as_a_date(self):
        waits = Waits()
        until = {"Retry-After": "Sat, 21 Nov 2026 08:00:03 GMT"}
        with Server(answer(429, content=b"", headers=until), answer()):
            get(transport(waits))
        assert waits == [3.0]

    @pytest.mark.parametrize("asked", [None, "soon", "nan", "-1", "inf"])
    def test_without_a_wait_a_read_backs_off_and_a_write_is_refused(self, asked):
        headers = {} if asked is None else {"Retry-After": asked}
        limited = answer(429, {"error": "ManualRetryLimitExceeded"}, headers=headers)
        waits = Waits()
        with Server(limited, answer()):
            get(transport(waits))
        assert waits == [0.4]
        with Server(limited) as server, pytest.raises(RateLimited) as raised:
            post(transport())
        assert (raised.value.retry_after, len(server.requests)) == (None, 1)

    @pytest.mark.parametrize(
        "error",
        [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")],
    )
    def test_a_write_of_which_nothing_was_sent_is_repeated(self, error):
        with Server(error, answer(201)) as server:
            assert post(transport()).status == 201
        assert len(server.requests) == 2

    @pytest.mark.parametrize("error", [httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")])
    def test_a_write_that_may_have_had_its_effect_is_not_repeated(self, error):
        with (
            Server(error, answer(201)) as server,
            pytest.raises(ProviderUnavailable, match="may have had its effect"),
        ):
            post(transport())
        assert len(server.requests) == 1

    @pytest.mark.parametrize("failure", [httpx.ReadTimeout("x"), answer(503)])
    def test_nothing_is_repeated_once_the_time_is_up(self, failure):
        with Server(failure) as server, pytest.raises(ProviderUnavailable):
            get(transport(timeout=0.0))
        assert len(server.requests) == 1

    def test_a_read_that_was_cut_off_is_repeated(self):
        with Server(httpx.ReadTimeout("x"), httpx.ReadError("x"), answer()) as server:
            get(transport())
        assert len(server.requests) == 3


class TestUnreadableAnswers:
    @pytest.mark.parametrize("content", [b"<html>", b"", b'{"id": "tr', b"\xff", b"[" * 100_000])
    def test_what_is_not_json_is_a_provider_that_cannot_be_used(self, content):
        broken = answer(200, content=content)
        with Server(broken), pytest.raises(ProviderUnavailable, match="not JSON"):
            get(transport())

    def test_an_answer_without_a_body_is_fine_where_none_is_due(self):
        with Server(answer(204, content=b"")):
            assert transport().request("DELETE", "/v1/x").data is None

    def test_an_answer_that_is_too_large_is_refused(self):
        large = answer(200, content=b" " * 2000)
        with Server(large), pytest.raises(ProviderUnavailable, match="larger"):
            get(transport(max_bytes=1000))

    def test_a_small_body_that_unpacks_to_a_large_one_is_refused(self):
        packed = httpx.Response(
            200,
            content=gzip.compress(b" " * 100_000),
            headers={"Content-Encoding": "gzip"},
        )
        with Server(packed), pytest.raises(ProviderUnavailable, match="larger"):
            get(transport(max_bytes=10_000))

    def test_what_postgresql_refuses_is_replaced(self):
        with Server(answer(200, content=b'{"name": "a\\u0000b"}')):
            assert get(transport()).data == {"name": "a\N{REPLACEMENT CHARACTER}b"}


class TestSecrets:
    def test_no_failure_shows_the_token_the_path_or_the_query(self):
        failures = [answer(500), answer(404), answer(422), httpx.ReadTimeout("x"), answer(200, 7)]
        for failure in failures:
            client = transport()
            with Server(failure):
                try:
                    client.request(
                        "GET",
                        "/v1/customers/external/{id}",
                        path={"id": "ada@example.com"},
                        query={"email": "ada@example.com"},
                    )
                except ProviderError as error:
                    told = "".join(traceback.format_exception(error)) + repr(client)
                    assert "hidden" not in told
                    assert "ada@" not in told

    @pytest.mark.parametrize("token", ["tok\nen", "tök", "tok\x00"])
    def test_a_token_that_http_cannot_carry_is_refused_without_showing_it(self, token):
        with pytest.raises(ConfigurationError) as raised:
            type(transport())(BASE, {"Authorization": f"Bearer {token}"})
        assert "tok" not in str(raised.value)
        assert raised.value.__cause__ is None

    def test_httpx_does_not_log_our_addresses_and_still_logs_those_of_others(self, caplog):
        caplog.set_level(logging.DEBUG)
        with Server(answer()):
            get(transport(), email="ada@example.com")
        assert "ada" not in caplog.text
        with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(204))) as other:
            other.get("https://other.example/")
        assert "other.example" in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "api.example.com",
        "ftp://x",
        "https://",
        "https://a:b@x",
        "https://x?y=1",
        "https://x:port",
        f"https://{'x' * 70}.example",
    ],
)
def test_an_address_that_is_none_is_a_mistake_in_the_settings(address):
    with pytest.raises(ConfigurationError):
        transport(base_url=address)
