"""Custom fields: questions for the buyer, and whether an answer is one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import InvalidRequest, invalid
from polar_django.sandbox.models import CustomField

__all__ = [
    "check_answers",
    "create_custom_field",
    "delete_custom_field",
    "read_attached",
    "update_custom_field",
]

SLUG_TAKEN = "Custom field with this slug already exists."


def create_custom_field(data: Mapping[str, Any]) -> CustomField:
    """`data` as CustomFieldCreate. Raises InvalidRequest for a slug in use. Sends nothing."""
    with business_transaction():
        _check_slug(data["slug"], None)
        return rows.create(
            CustomField,
            type=data["type"],
            slug=data["slug"],
            name=data["name"],
            properties=rows.plain(data.get("properties") or {}),
            metadata=dict(data.get("metadata") or {}),
        )


def update_custom_field(field: CustomField, data: Mapping[str, Any]) -> CustomField:
    """Change name, slug, properties, metadata; never the type. Raises InvalidRequest."""
    if data["type"] != field.type:
        raise invalid("The type of a field can't be changed.", "type", value=data["type"])
    values = {name: data[name] for name in ("name", "slug") if data.get(name) is not None}
    if data.get("properties") is not None:
        values["properties"] = rows.plain(data["properties"])
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    with business_transaction():
        _check_slug(values.get("slug"), field)
        return rows.change(field, **values)


def delete_custom_field(field: CustomField) -> None:
    """Gone from lists and pay pages; answers stay with what was bought."""
    with business_transaction():
        rows.change(field, deleted_at=clock.tick())


def _check_slug(slug: str | None, field: CustomField | None) -> None:
    if slug is None:
        return
    taken = CustomField.objects.filter(slug=slug, deleted_at=None)
    if field is not None:
        taken = taken.exclude(pk=field.pk)
    if taken.exists():
        raise invalid(SLUG_TAKEN, "slug", value=slug)


def read_attached(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A product's fields as they are kept, in order. Raises InvalidRequest for unknown ones."""
    ids = [each["custom_field_id"] for each in given]
    known = set(
        CustomField.objects.filter(pk__in=ids, deleted_at=None).values_list("pk", flat=True)
    )
    for index, field_id in enumerate(ids):
        if field_id not in known:
            loc = ("attached_custom_fields", index, "custom_field_id")
            raise invalid("Custom field does not exist.", *loc, value=str(field_id))
    return [
        {
            "custom_field_id": str(each["custom_field_id"]),
            "order": index,
            "required": bool(each["required"]),
        }
        for index, each in enumerate(given)
    ]


def check_answers(
    attached: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], *, is_final: bool
) -> dict[str, Any]:
    """The answers to fields that are asked for; others are dropped, as Polar does. One query.

    Required ones may be missing until `is_final`. Raises InvalidRequest with the slug in `loc`.
    """
    if not attached:
        return {}
    ids = [each["custom_field_id"] for each in attached]
    fields = {str(row.pk): row for row in CustomField.objects.filter(pk__in=ids, deleted_at=None)}
    kept: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for each in attached:
        field = fields.get(each["custom_field_id"])
        if field is None:
            continue
        value = answers.get(field.slug)
        loc = ("custom_field_data", field.slug)
        is_missing = value is None or (field.type == "checkbox" and value is False)
        if is_missing and each["required"] and is_final:
            errors += invalid("Field required", *loc, value=value, type_="missing").errors
        elif value is not None:
            problem = CHECKS[field.type](value, field.properties)
            if problem:
                errors += invalid(problem, *loc, value=rows.plain(value)).errors
            kept[field.slug] = value
        elif field.slug in answers:
            kept[field.slug] = None
    if errors:
        raise InvalidRequest(errors)
    return kept


def _check_text(value: Any, properties: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        return "Input should be a valid string"
    least, most = properties.get("min_length"), properties.get("max_length")
    if least is not None and len(value) < least:
        return f"String should have at least {least} characters"
    if most is not None and len(value) > most:
        return f"String should have at most {most} characters"
    return ""


def _check_number(value: Any, properties: Mapping[str, Any]) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return "Input should be a valid integer"
    return _check_bounds(value, properties)


def _check_bounds(value: float, properties: Mapping[str, Any]) -> str:
    least, most = properties.get("ge"), properties.get("le")
    if least is not None and value < least:
        return f"Input should be greater than or equal to {least}"
    if most is not None and value > most:
        return f"Input should be less than or equal to {most}"
    return ""


def _check_date(value: Any, properties: Mapping[str, Any]) -> str:
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return "Input should be a valid date"
    # Polar keeps the bounds of a date as seconds since 1970.
    return _check_bounds((day - date(1970, 1, 1)).total_seconds(), properties)


def _check_checkbox(value: Any, properties: Mapping[str, Any]) -> str:
    return "" if isinstance(value, bool) else "Input should be a valid boolean"


def _check_select(value: Any, properties: Mapping[str, Any]) -> str:
    options = [option["value"] for option in properties.get("options", [])]
    return "" if value in options else f"Input should be one of {', '.join(options)}"


CHECKS: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "text": _check_text,
    "number": _check_number,
    "date": _check_date,
    "checkbox": _check_checkbox,
    "select": _check_select,
}
