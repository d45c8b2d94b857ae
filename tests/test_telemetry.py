"""Logs with stable fields and nobody's data; spans where the project traces."""

import logging
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from polar_django import telemetry
from polar_django.models import WebhookDelivery
from polar_django.webhooks import processing
from tests.webhooks.deliveries import post, subscription_body

logger = logging.getLogger("polar_django.test")


@pytest.fixture(scope="session")
def exporter():
    """OpenTelemetry takes one provider a process."""
    provider, found = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(found))
    trace.set_tracer_provider(provider)
    return found


@pytest.fixture
def spans(exporter):
    exporter.clear()
    return exporter.get_finished_spans


def records(caplog, step):
    return [record for record in caplog.records if getattr(record, "step", "") == step]


def told(record):
    return {name: getattr(record, name) for name in telemetry.FIELDS if hasattr(record, name)}


@pytest.mark.django_db
def test_a_delivery_is_logged_when_it_comes_and_when_it_is_processed(client, caplog):
    with caplog.at_level(logging.INFO, "polar_django"):
        assert post(client, subscription_body(), message_id="msg_1").status_code == 202
        assert post(client, subscription_body(), message_id="msg_1").status_code == 202
        processing.drain()

    first, second = records(caplog, "webhook.receive")
    assert told(first).pop("duration_ms") >= 0
    assert {**told(first), "duration_ms": 0} == {
        "step": "webhook.receive",
        "provider": "polar",
        "delivery_id": "msg_1",
        "event_type": "subscription.updated",
        "duration_ms": 0,
        "outcome": "stored",
    }
    assert second.outcome == "duplicate"
    (done,) = records(caplog, "delivery.process")
    assert (done.delivery_id, done.outcome) == ("msg_1", "processed")


@pytest.mark.django_db
def test_a_refusal_is_a_warning_without_what_was_sent(client, caplog):
    with caplog.at_level(logging.INFO, "polar_django"):
        answer = client.post(
            "/billing/webhooks/polar/", b'{"data": "ada@example.com"}', "application/json"
        )
    assert answer.status_code == 403
    (refused,) = records(caplog, "webhook.receive")
    assert (refused.levelname, refused.outcome) == ("WARNING", "refused")
    assert "ada@" not in caplog.text


def test_the_documentation_names_these_fields_and_no_others():
    page = (Path(__file__).parents[1] / "docs" / "logging.md").read_text("utf-8")
    assert tuple(re.findall(r"^\| `(\w+)` \|", page, re.M)) == telemetry.FIELDS
    assert set(re.findall(r"^\| `(\w+)` \|", telemetry.__doc__, re.M)) == set(telemetry.FIELDS)


def test_a_field_that_nobody_documented_is_an_error():
    with pytest.raises(TypeError, match="email"):
        telemetry.fields("x", email="ada@example.com")


def test_a_step_that_raises_says_so_and_lets_it_pass(caplog):
    with (
        caplog.at_level(logging.INFO),
        pytest.raises(LookupError),
        telemetry.step(logger, "some.thing", provider="polar"),
    ):
        raise LookupError
    (record,) = records(caplog, "some.thing")
    assert record.outcome == "error"


def test_a_span_names_the_kind_of_an_error_and_none_of_its_words(spans):
    with pytest.raises(ValueError, match="ada@"), telemetry.step(logger, "some.thing"):
        raise ValueError("Key (email)=(ada@example.com) already exists")
    (span,) = spans()
    assert (span.status.status_code.name, span.status.description) == ("ERROR", "ValueError")
    assert "ada@" not in span.to_json()


def test_a_step_that_works_while_an_error_is_dealt_with_is_none(spans):
    try:
        raise LookupError
    except LookupError:
        with telemetry.step(logger, "some.thing"):
            pass
    (span,) = spans()
    assert (span.status.status_code.name, span.events) == ("UNSET", ())


@pytest.mark.django_db
def test_the_workers_span_is_linked_to_the_requests(client, spans):
    post(client, subscription_body(), message_id="msg_2")
    processing.drain()

    by_name = {span.name: span for span in spans()}
    received, processed = (
        by_name["polar_django.webhook.receive"],
        by_name["polar_django.delivery.process"],
    )
    assert received.attributes["polar.outcome"] == "stored"
    assert processed.attributes["polar.delivery_id"] == "msg_2"
    (link,) = processed.links
    assert link.context.span_id == received.context.span_id
    assert link.context.trace_id == received.context.trace_id


@pytest.mark.django_db
def test_where_nobody_traces_nothing_is_kept(client, monkeypatch):
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    post(client, subscription_body(), message_id="msg_3")
    assert WebhookDelivery.objects.get().trace == ""


def test_a_library_that_loads_the_module_makes_no_project_that_traces(monkeypatch):
    monkeypatch.setattr(trace, "get_tracer_provider", trace.ProxyTracerProvider)
    monkeypatch.setattr(trace.ProxyTracerProvider, "get_tracer", None)
    with telemetry.step(logger, "provider.call") as under_way:
        under_way.tell(outcome="sent")
    telemetry.note(logger, "provider.call", seconds=1)


@pytest.mark.django_db
@pytest.mark.parametrize("is_loading", [True, False])
def test_a_tracer_that_another_thread_is_loading_right_now_breaks_nothing(
    client, monkeypatch, is_loading
):
    half = ModuleType("opentelemetry.trace")
    half.__spec__ = SimpleNamespace(_initializing=is_loading)
    if is_loading:
        half.get_tracer = None
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", half)
    assert post(client, subscription_body(), message_id="msg_4").status_code == 202
    processing.drain()
    assert WebhookDelivery.objects.get().state == "processed"


@pytest.mark.parametrize("carried", ["", "nonsense", "00-zz-yy-01", "00-1-2-3-4"])
def test_a_trace_that_cannot_be_read_is_no_link(carried, spans):
    telemetry.trace("some.thing", seconds=0.5, cause=carried)
    (span,) = spans()
    assert span.links == ()
    assert round((span.end_time - span.start_time) / 1e9, 3) == 0.5
