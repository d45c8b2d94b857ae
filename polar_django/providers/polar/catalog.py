"""Products, prices, benefits, meters and discounts: JSON → snapshots."""

from polar_django.providers.polar.reading import (
    Json,
    count,
    currency,
    flag,
    identifier,
    identifier_or_of,
    key_in,
    mapping,
    moment,
    objects,
    optional_text,
    optional_word,
    required_id,
    text,
    unit_amount,
    whole,
    word,
)
from polar_django.snapshots import (
    BenefitSnapshot,
    DiscountSnapshot,
    MeterSnapshot,
    PriceSnapshot,
    ProductSnapshot,
)


def product(data: Json) -> ProductSnapshot:
    get = data.get
    metadata = mapping(get("metadata"))
    interval = optional_word(get("recurring_interval"))
    if "recurring_interval" not in data:  # until 2025 it was each price's
        interval = next(
            (word(price.get("recurring_interval")) for price in objects(get("prices"))), None
        )
    return ProductSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        key=key_in(metadata),
        name=text(get("name")),
        description=optional_text(get("description"), 100_000),
        visibility=word(get("visibility"), "public"),
        is_recurring=flag(get("is_recurring"), bool(interval)),
        is_archived=flag(get("is_archived")),
        recurring_interval=interval or None,
        recurring_interval_count=count(get("recurring_interval_count")),
        trial_interval=optional_word(get("trial_interval")),
        trial_interval_count=count(get("trial_interval_count")),
        benefit_ids=tuple(benefit["id"] for benefit in objects(get("benefits"))),
        metadata=metadata,
    )


def price(data: Json, product_id: str | None = None) -> PriceSnapshot:
    get = data.get
    amount_type = word(get("amount_type"), "fixed")
    amount = whole(get("price_amount"))
    return PriceSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        product_id=identifier(get("product_id")) or product_id,
        meter_id=identifier_or_of(get("meter_id"), get("meter")),
        amount_type=amount_type,
        source=word(get("source"), "catalog"),
        price_currency=currency(get("price_currency")),
        # The old type "free" carries no amount; today the same price is fixed at 0.
        price_amount=0 if amount is None and amount_type == "free" else amount,
        minimum_amount=whole(get("minimum_amount")),
        maximum_amount=whole(get("maximum_amount")),
        preset_amount=whole(get("preset_amount")),
        unit_amount=unit_amount(get("unit_amount")),
        cap_amount=whole(get("cap_amount")),
        recurring_interval=optional_word(get("recurring_interval")),
        is_archived=flag(get("is_archived")),
    )


def benefit(data: Json) -> BenefitSnapshot:
    get = data.get
    metadata = mapping(get("metadata"))
    return BenefitSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        key=key_in(metadata),
        type=text(get("type"), 64),
        description=text(get("description"), 500),
        is_deleted=flag(get("is_deleted")),
        metadata=metadata,
        properties=mapping(get("properties")),
    )


def meter(data: Json) -> MeterSnapshot:
    get = data.get
    metadata = mapping(get("metadata"))
    return MeterSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        key=key_in(metadata),
        name=text(get("name")),
        unit=word(get("unit"), "scalar"),
        archived_at=moment(get("archived_at")),
        metadata=metadata,
    )


def discount(data: Json) -> DiscountSnapshot:
    get = data.get
    amount, paid_in = whole(get("amount")), currency(get("currency"))
    amounts = mapping(get("amounts"))
    if amount is None and len(amounts) == 1:
        [(paid_in, amount)] = ((currency(key), whole(value)) for key, value in amounts.items())
    return DiscountSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        name=text(get("name")),
        code=optional_text(get("code")),
        type=word(get("type")),
        duration=word(get("duration")),
        duration_in_months=count(get("duration_in_months")),
        basis_points=count(get("basis_points")),
        amount=amount,
        currency=paid_in or None,
        starts_at=moment(get("starts_at")),
        ends_at=moment(get("ends_at")),
        max_redemptions=count(get("max_redemptions")),
        redemptions_count=count(get("redemptions_count")) or 0,
        deleted_at=moment(get("deleted_at")),
        metadata=mapping(get("metadata")),
    )
