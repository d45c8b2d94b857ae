"""Customers, members and what each customer used of a meter: JSON → snapshots."""

from polar_django.providers.polar.reading import (
    Json,
    flag,
    identifier,
    identifier_or_of,
    mapping,
    moment,
    number,
    optional_text,
    required_id,
    whole_or_zero,
    word,
)
from polar_django.snapshots import (
    CustomerMeterSnapshot,
    CustomerSnapshot,
    MemberSnapshot,
)


def customer(data: Json) -> CustomerSnapshot:
    get = data.get
    return CustomerSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        type=word(get("type"), "individual"),
        external_id=identifier(get("external_id")),
        email=optional_text(get("email"), 320),
        email_verified=flag(get("email_verified")),
        name=optional_text(get("name"), 500),
        deleted_at=moment(get("deleted_at")),
        metadata=mapping(get("metadata")),
    )


def member(data: Json) -> MemberSnapshot:
    get = data.get
    return MemberSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier(get("customer_id")),
        external_id=identifier(get("external_id")),
        email=optional_text(get("email"), 320),
        name=optional_text(get("name"), 500),
        role=word(get("role"), "member"),
        deleted_at=moment(get("deleted_at")),
    )


def customer_meter(data: Json, customer_id: str | None = None) -> CustomerMeterSnapshot:
    get = data.get
    return CustomerMeterSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier_or_of(get("customer_id"), get("customer")) or customer_id,
        meter_id=identifier_or_of(get("meter_id"), get("meter")),
        consumed_units=number(get("consumed_units")),
        credited_units=whole_or_zero(get("credited_units")),
        balance=number(get("balance")),
    )
