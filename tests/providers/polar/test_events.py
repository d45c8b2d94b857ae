import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polar_django import snapshots
from polar_django.exceptions import MalformedPayload
from polar_django.providers.polar.events import EVENTS, KNOWN_TYPES, parse_event
from tests.providers.polar import shapes
from tests.providers.polar.shapes import CHANGED_AT, MADE_AT, delivered

SHAPES = {
    "benefit": (shapes.benefit, snapshots.BenefitSnapshot, "ben-pro"),
    "benefit_grant": (shapes.benefit_grant, snapshots.BenefitGrantSnapshot, "gra-ada"),
    "checkout": (shapes.checkout, snapshots.CheckoutSnapshot, "chk-ada"),
    "customer": (shapes.customer, snapshots.CustomerSnapshot, "cus-ada"),
    "customer_seat": (shapes.seat, snapshots.SeatSnapshot, "sea-1"),
    "discount": (shapes.discount, snapshots.DiscountSnapshot, "dis-half"),
    "member": (shapes.member, snapshots.MemberSnapshot, "mem-ada"),
    "order": (shapes.order, snapshots.OrderSnapshot, "ord-ada"),
    "product": (shapes.product, snapshots.ProductSnapshot, "pro-pro"),
    "refund": (shapes.refund, snapshots.RefundSnapshot, "ref-1"),
    "subscription": (shapes.subscription, snapshots.SubscriptionSnapshot, "sub-ada"),
}


def parsed(event_type, data, **more):
    return parse_event("polar", delivered(event_type, data, **more))


def test_all_42_types_of_polar_are_known():
    assert len(KNOWN_TYPES) == 42


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_each_type_shows_the_whole_object_it_is_about(event_type):
    shape, kind, object_id = SHAPES[event_type.split(".")[0]]
    event = parsed(event_type, shape())
    first = event.observations[0].snapshot
    assert type(first) is kind
    assert (first.id, first.created_at, first.raw) == (object_id, MADE_AT, shape())
    assert (event.provider, event.type, event.timestamp) == ("polar", event_type, CHANGED_AT)
    assert event.data == shape()


@pytest.mark.parametrize("event_type", ["customer.deleted", "discount.deleted", "member.deleted"])
def test_what_was_deleted_is_deleted_when_the_event_was_made(event_type):
    shape = SHAPES[event_type.split(".")[0]][0]
    assert parsed(event_type, shape()).observations[0].snapshot.deleted_at == CHANGED_AT


def test_a_deleted_customer_keeps_the_time_it_tells():
    event = parsed("customer.deleted", shapes.customer(deleted_at=shapes.MADE))
    assert event.observations[0].snapshot.deleted_at == MADE_AT


def test_a_customer_state_is_a_state_and_names_the_customer_in_every_entry():
    event = parsed("customer.state_changed", shapes.customer_state())
    assert event.observations == ()
    state = event.state
    assert state.customer.id == "cus-ada"
    assert state.customer.raw == shapes.customer()
    [subscription], [grant], [meter] = state.subscriptions, state.grants, state.meters
    assert (subscription.id, subscription.customer_id) == ("sub-ada", "cus-ada")
    assert (grant.id, grant.customer_id, grant.benefit_id) == ("gra-ada", "cus-ada", "ben-pro")
    assert (grant.is_granted, grant.granted_at, grant.for_team) == (True, MADE_AT, False)
    assert (meter.customer_id, meter.meter_id) == ("cus-ada", "met-tokens")
    assert (meter.consumed_units, meter.credited_units, meter.balance) == (25.5, 100, 74.5)


def test_the_grants_in_the_state_of_a_team_say_so():
    state = parsed("customer.state_changed", shapes.customer_state(type="team")).state
    assert state.grants[0].for_team


def test_an_organization_is_known_and_nothing_of_it_is_mirrored():
    event = parsed("organization.updated", {"id": "org", "name": "Ink"})
    assert (event.observations, event.state, event.data["name"]) == ((), None, "Ink")


@pytest.mark.parametrize("data", [{"id": "x"}, {}, [], None, "text"])
def test_an_unknown_type_is_an_event_with_nothing_to_mirror(data):
    event = parsed("wallet.topped_up", data)
    assert (event.observations, event.state) == ((), None)
    assert event.data == (data if isinstance(data, dict) else {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        b'{"type":"order.paid","data":{"id":"x"}}',
        b'{"type":"order.paid","timestamp":"yesterday","data":{"id":"x"}}',
        b'{"type":7,"timestamp":"2026-11-21T08:00:00Z","data":{"id":"x"}}',
        b'{"type":"order.paid","timestamp":"2026-11-21T08:00:00Z"}',
        b'{"type":"order.paid","timestamp":"2026-11-21T08:00:00Z","data":{"id":null}}',
        b'{"type":"order.paid","timestamp":"2026-11-21T08:00:00Z","data":{"id":7}}',
        b'{"type":"customer.state_changed","timestamp":"2026-11-21T08:00:00Z","data":{}}',
        b'{"type":"order.paid","timestamp":"2026-11-21T08:00:00Z","data":{"id":"' + b"x" * 256,
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(body):
    with pytest.raises(MalformedPayload):
        parse_event("polar", body)


def test_what_postgresql_refuses_is_replaced():
    body = delivered("customer.updated", shapes.customer()).replace(b'"Ada"', b'"A\\u0000\\uD800b"')
    [seen] = parse_event("polar", body).observations
    assert seen.snapshot.name == "A\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"
    assert seen.snapshot.raw["name"] == seen.snapshot.name
    assert "\\u0000" not in json.dumps(seen.snapshot.raw)


def test_a_pair_of_surrogates_is_one_character_and_stays():
    body = delivered("customer.updated", shapes.customer())
    body = body.replace(b'"name":"Ada"', b'"name":"\\ud83d\\ude00"')
    assert parse_event("polar", body).observations[0].snapshot.name == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-" + b"9" * 5000]
)
def test_a_number_that_python_does_not_read_or_that_is_not_finite_is_none(number):
    body = delivered("customer.updated", shapes.customer(metadata={"n": 1}))
    event = parse_event("polar", body.replace(b'{"n":1}', b'{"n":' + number + b"}"))
    assert event.observations[0].snapshot.metadata == {"n": None}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@st.composite
def distorted_objects(draw):
    """A real shape, some of whose values, at any depth, are something else."""
    shape = draw(
        st.sampled_from([*(maker for maker, *_ in SHAPES.values()), shapes.customer_state])
    )
    return _distorted(draw, shape())


def _distorted(draw, value):
    if isinstance(value, dict):
        return {key: _distorted(draw, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_distorted(draw, item) for item in value]
    return draw(JSON_VALUES) if draw(st.integers(0, 9)) == 0 else value


@settings(deadline=None)
@given(
    event_type=st.sampled_from(sorted(KNOWN_TYPES)),
    data=JSON_VALUES | distorted_objects(),
    timestamp=st.just(shapes.CHANGED) | JSON_VALUES,
)
def test_whatever_json_comes_it_is_an_event_or_malformed(event_type, data, timestamp):
    body = json.dumps({"type": event_type, "timestamp": timestamp, "data": data}).encode()
    try:
        event = parse_event("polar", body)
    except MalformedPayload:
        return
    for seen in event.observations:
        assert isinstance(seen.snapshot.id, str)
        assert seen.snapshot.id


@settings(deadline=None)
@given(body=st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_whatever_bytes_come_nothing_else_is_raised(body):
    try:
        parse_event("polar", body)
    except MalformedPayload:
        return
