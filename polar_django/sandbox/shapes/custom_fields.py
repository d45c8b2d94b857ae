"""Custom fields as JSON, alone and attached to what is sold."""

from collections.abc import Sequence
from typing import Any

from polar_django.sandbox.models import ORGANIZATION_ID, CustomField
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["attached_custom_fields", "custom_field"]


def custom_field(row: CustomField) -> dict[str, Any]:
    """CustomField. No query."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "metadata": row.metadata,
        "type": row.type,
        "slug": row.slug,
        "name": row.name,
        "organization_id": str(ORGANIZATION_ID),
        "properties": row.properties,
    }


def attached_custom_fields(attached: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """AttachedCustomField each, in order. One query, none where there are none."""
    if not attached:
        return []
    ids = [each["custom_field_id"] for each in attached]
    rows = {str(row.pk): row for row in CustomField.objects.filter(pk__in=ids, deleted_at=None)}
    return [
        {**each, "custom_field": custom_field(rows[each["custom_field_id"]])}
        for each in attached
        if each["custom_field_id"] in rows
    ]
