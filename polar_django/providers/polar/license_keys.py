"""License keys: JSON → snapshots. The key itself is taken out of what is kept."""

from polar_django.providers.polar.reading import (
    Json,
    count,
    identifier_or_of,
    moment,
    required_id,
    text,
    whole_or_zero,
    word,
)
from polar_django.snapshots import LicenseKeySnapshot


def license_key(data: Json) -> LicenseKeySnapshot:
    get = data.get
    return LicenseKeySnapshot(
        id=required_id(data),
        raw={name: value for name, value in data.items() if name != "key"},
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier_or_of(get("customer_id"), get("customer")),
        member_id=identifier_or_of(get("member_id"), get("member")),
        benefit_id=identifier_or_of(get("benefit_id"), get("benefit")),
        status=word(get("status"), "granted"),
        key=text(get("key"), 512),
        display_key=text(get("display_key")),
        limit_activations=count(get("limit_activations")),
        limit_usage=count(get("limit_usage")),
        usage=whole_or_zero(get("usage")),
        validations=whole_or_zero(get("validations")),
        last_validated_at=moment(get("last_validated_at")),
        expires_at=moment(get("expires_at")),
    )
