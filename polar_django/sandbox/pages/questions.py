"""The seller's custom fields as questions on the pay page."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from polar_django.sandbox.models import Checkout, CustomField

__all__ = ["add_questions", "form_name", "read_answers"]

PREFIX = "custom_"


def form_name(slug: str) -> str:
    """What the field of that slug is called in the form."""
    return PREFIX + slug


def add_questions(form: forms.Form, checkout: Checkout) -> dict[str, str]:
    """Put the session's custom fields into `form`; slug → name in the form, in order. One query.

    Lengths and bounds are left to the engine, which words its complaints as Polar does.
    """
    attached = checkout.attached_custom_fields
    ids = [each["custom_field_id"] for each in attached]
    rows = {str(row.pk): row for row in CustomField.objects.filter(pk__in=ids, deleted_at=None)}
    names: dict[str, str] = {}
    for each in attached:
        row = rows.get(each["custom_field_id"])
        if row is not None:
            name = form_name(row.slug)
            form.fields[name] = _form_field(row, required=bool(each["required"]))
            form.initial.setdefault(name, checkout.custom_field_data.get(row.slug))
            names[row.slug] = name
    return names


def _form_field(row: CustomField, *, required: bool) -> forms.Field:
    properties = row.properties
    shared: dict[str, Any] = {
        "label": properties.get("form_label") or row.name,
        "help_text": properties.get("form_help_text") or "",
        "required": required,
    }
    hint = {"placeholder": properties.get("form_placeholder") or ""}
    if row.type == "checkbox":
        return forms.BooleanField(**shared)
    if row.type == "number":
        return forms.IntegerField(widget=forms.NumberInput(attrs=hint), **shared)
    if row.type == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **shared)
    if row.type == "select":
        options = [(each["value"], each["label"]) for each in properties.get("options") or []]
        return forms.ChoiceField(choices=[("", "Choose"), *options], **shared)
    if properties.get("textarea"):
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3, **hint}), **shared)
    return forms.CharField(widget=forms.TextInput(attrs=hint), **shared)


def read_answers(names: Mapping[str, str], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The answers by slug, as the API takes them: dates as text, nothing for an empty field."""
    found: dict[str, Any] = {}
    for slug, name in names.items():
        value = cleaned.get(name)
        if isinstance(value, date):
            found[slug] = value.isoformat()
        elif value not in (None, ""):
            found[slug] = value
    return found
