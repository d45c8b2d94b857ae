"""Every field of Polar's document that has a column ends there, whatever stands beside it."""

from datetime import datetime
from decimal import Decimal

import pytest

from polar_django.mirror.tables import PROVIDER_COLUMNS, TABLES
from polar_django.providers.polar.events import EVENTS, KNOWN_TYPES, STATE_CHANGED, parse_event
from polar_django.providers.polar.parsing import PARSERS
from polar_django.snapshots import Event
from tests.mirror.worlds import NOON, apply
from tests.providers.polar.examples import OPENAPI, examples_of, examples_of_events
from tests.providers.polar.shapes import delivered

pytestmark = pytest.mark.skipif(
    not OPENAPI.is_file(), reason="Polar's document is not on this machine"
)

# Of what no event tells.
SCHEMAS = {
    "customer_meters": "CustomerMeter",
    "license_keys": "LicenseKeyRead",
    "meters": "Meter",
}
# Columns that have no field of their name in the document, and why.
DERIVED = {
    "benefit_ids": "of the benefits",
    "expires_at": "other providers' grants have it",
    "key": "of the metadata",
    "provider_status": "the status as it came",
    "units": "younger than the document",
}
MISSING = {
    "Discount": {"deleted_at"},  # its event says so
    "LicenseKey": {"member_id"},  # younger than the document
    "Member": {"deleted_at"},  # its event says so
}
# Whatever else may change where a field does.
FOLLOWERS = {
    "amount": {"currency"},
    "amounts": {"amount", "currency"},
    "benefits": {"benefit_ids"},
    "metadata": {"key"},
    "prices": {"recurring_interval", "is_recurring"},
    "recurring_interval": {"is_recurring"},
    "status": {"provider_status"},
}
ODD = {
    "null": None,
    "a flag": False,
    "a small number": -7,
    "a huge number": 10**300,
    "a broken number": 0.25,
    "a huge broken number": 1e300,
    "an empty text": "",
    "a long text": "x" * 100_000,
    "a text of other signs": "\N{REPLACEMENT CHARACTER}\U0001f600'\"\\%_ \u202e\n",
    "digits": "9" * 400,
    "a time nobody reaches": "9999-12-31T23:59:59.999999-14:00",
    "a list": [None, 1, "x", {}, {"id": None}, {"id": "x"}, []],
    "an object": {"id": "x", "key": ["x"], "": None},
}


def kinds():
    """The examples of each kind of object, by the kind's name at the API."""
    found = {kind: list(examples_of(name)) for kind, name in SCHEMAS.items()}
    names = {parser: kind for kind, parser in PARSERS.items()}
    for event_type, data in examples_of_events():
        if event_type in EVENTS:
            found.setdefault(names[EVENTS[event_type]], []).append(data)
    return found


KINDS = kinds() if OPENAPI.is_file() else {}


def as_column(value, like):
    """The value as a column of that kind holds it."""
    if isinstance(like, datetime):
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(like, Decimal) else value


def assert_holds(row, data, columns):
    for name in columns:
        if name in data:
            found = getattr(row, name)
            assert found == as_column(data[name], found), f"{type(row).__name__}.{name}"


def columns_of(snapshot):
    return {name: getattr(snapshot, name) for name in PROVIDER_COLUMNS[type(snapshot)]}


def stored(kind, data):
    seen = PARSERS[kind](data)
    apply(Event(provider="polar", type="x", timestamp=NOON, observations=seen))
    return TABLES[type(seen[0].snapshot)]


def test_the_types_of_events_are_those_of_the_document_and_one_that_is_younger():
    assert {name for name, _ in examples_of_events()} | {"subscription.migrated"} == KNOWN_TYPES


def test_all_kinds_have_examples_and_all_columns_a_field():
    assert KINDS.keys() == PARSERS.keys()
    fields, columns = {}, {}
    for kind, examples in KINDS.items():
        for data in examples:
            for seen, given in zip(
                PARSERS[kind](data), [data, *data.get("prices", [])], strict=False
            ):
                name = type(seen.snapshot).__name__.removesuffix("Snapshot")
                fields.setdefault(name, set()).update(given)
                columns[name] = set(PROVIDER_COLUMNS[type(seen.snapshot)])
    for name, wanted in columns.items():
        without = wanted - fields[name] - {"raw"} - DERIVED.keys()
        assert without == MISSING.get(name, set()), name


@pytest.mark.django_db
@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_every_field_of_an_event_ends_in_its_column(event_type):
    examples = [data for name, data in examples_of_events() if name == event_type]
    if event_type == "subscription.migrated":  # younger than the document
        examples = KINDS["subscriptions"][:1]
    assert examples
    for data in [*examples, *map(_with_flags_down, examples)]:
        event = parse_event("polar", delivered(event_type, data, timestamp=NOON.isoformat()))
        apply(event)
        objects = [data, *(data["prices"] if event_type.startswith("product.") else [])]
        for seen, given in zip(event.observations, objects, strict=True):
            row = TABLES[type(seen.snapshot)].objects.get(pk=given["id"])
            assert row.as_of == NOON
            assert_holds(row, given, PROVIDER_COLUMNS[type(seen.snapshot)])


def _with_flags_down(value):
    if isinstance(value, dict):
        return {key: _with_flags_down(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_flags_down(part) for part in value]
    return False if value is True else value


@pytest.mark.django_db
def test_every_field_of_a_customer_state_ends_in_its_column():
    states = [data for name, data in examples_of_events() if name == STATE_CHANGED]
    assert {state["type"] for state in states} == {"individual", "team"}
    # The deleted hold nothing.
    for data in (*states, *({**state, "deleted_at": None} for state in states)):
        has_grants = data["type"] == "individual" and data["deleted_at"] is None
        event = parse_event("polar", delivered(STATE_CHANGED, data, timestamp=NOON.isoformat()))
        apply(event)
        state = event.state
        lists = [
            ([state.customer], [data]),
            (state.subscriptions, data["active_subscriptions"]),
            (state.meters, data["active_meters"]),
            (state.grants, data["granted_benefits"] if has_grants else []),
        ]
        for snapshots, entries in lists:
            for snapshot, given in zip(snapshots, entries, strict=False):
                table = TABLES[type(snapshot)]
                row = table.objects.get(pk=given["id"])
                assert_holds(row, given, PROVIDER_COLUMNS[type(snapshot)])
                table.objects.all().delete()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_odd_value_costs_its_own_column_and_no_other(kind):
    for data in KINDS[kind]:
        whole = columns_of(PARSERS[kind](data)[0].snapshot)
        for name in data.keys() - {"id"}:
            without = {key: value for key, value in data.items() if key != name}
            cases = {what: {**data, name: value} for what, value in ODD.items()}
            for what, odd in (cases | {"absent": without}).items():
                found = columns_of(PARSERS[kind](odd)[0].snapshot)
                others = {key for key in whole if found[key] != whole[key]}
                allowed = {name, "raw"} | FOLLOWERS.get(name, set())
                assert others <= allowed, f"{name}: {what}"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_object_of_nothing_but_odd_values_is_stored(kind):
    fields = {name for data in KINDS[kind] for name in data}
    for what, value in ODD.items():
        odd = dict.fromkeys(fields, value) | {"id": what}
        assert stored(kind, odd).objects.get(pk=what).as_of == NOON


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_object_whose_parts_are_odd_is_stored(kind):
    whole = {name: value for data in KINDS[kind] for name, value in data.items()}
    for what, value in ODD.items():
        odd = _with_odd_parts(whole, value) | {"id": what}
        assert stored(kind, odd).objects.get(pk=what).as_of == NOON


@pytest.mark.django_db
def test_the_lines_of_an_order_are_those_it_came_with():
    [data] = [data for name, data in examples_of_events() if name == "order.paid"]
    row = stored("orders", data).objects.get()
    assert len(data["items"]) == len(row.line_items) == 1
    for line, item in zip(row.line_items, data["items"], strict=True):
        assert (line.label, line.price_id) == (item["label"], item["product_price_id"])
        assert (line.amount, line.tax_amount) == (item["amount"], item["tax_amount"])
        assert line.proration is item["proration"] is True


@pytest.mark.django_db
def test_lines_that_are_odd_cost_the_order_nothing():
    [data] = [data for name, data in examples_of_events() if name == "order.paid"]
    for what, value in ODD.items():
        odd = {**data, "id": what, "items": value}
        assert stored("orders", odd).objects.get(pk=what).net_amount == data["net_amount"]
        parts = {**data, "id": f"{what} 2", "items": _with_odd_parts(data["items"], value)}
        row = stored("orders", parts).objects.get(pk=f"{what} 2")
        assert [isinstance(line.amount, int) for line in row.line_items] == [True]


def _with_odd_parts(value, odd):
    """The object with every value in its parts another; the parts keep their ids."""
    if isinstance(value, dict):
        return {
            key: part if key == "id" else _with_odd_parts(part, odd) for key, part in value.items()
        }
    if isinstance(value, list):
        return [_with_odd_parts(part, odd) for part in value]
    return odd
