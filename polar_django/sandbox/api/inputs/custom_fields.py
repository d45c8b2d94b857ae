"""Bodies of custom fields: one shape per type."""

from typing import Annotated, Literal

from pydantic import UUID4, Discriminator, Field, RootModel

from polar_django.sandbox.api.inputs.fields import Body, Metadata, Organizational, choice

__all__ = ["AttachedCustomField", "CustomFieldCreate", "CustomFieldUpdate", "FieldType"]

Slug = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[a-z0-9-_]+$")]
Label = Annotated[str, Field(min_length=1, max_length=255)]
Length = Annotated[int, Field(ge=0, le=2_147_483_647)]
Bound = Annotated[int, Field(ge=-2_147_483_648, le=2_147_483_647)]
FieldType = Annotated[str, choice("text", "number", "date", "checkbox", "select")]


class Properties(Body):
    """Each may be left out, none may be null. Defaults are never kept: only what was sent is."""

    form_label: Label = ""
    form_help_text: Label = ""
    form_placeholder: Label = ""


class TextProperties(Properties):
    textarea: bool = False
    min_length: Length = 0
    max_length: Length = 0


class BoundedProperties(Properties):
    ge: Bound = 0
    le: Bound = 0


class Option(Body):
    value: Label
    label: Label


class SelectProperties(Properties):
    options: Annotated[list[Option], Field(min_length=1)]


class _Create(Organizational):
    slug: Slug
    name: Label
    metadata: Metadata = {}


class CustomFieldCreateText(_Create):
    type: Literal["text"]
    properties: TextProperties


class CustomFieldCreateNumber(_Create):
    type: Literal["number"]
    properties: BoundedProperties


class CustomFieldCreateDate(_Create):
    type: Literal["date"]
    properties: BoundedProperties


class CustomFieldCreateCheckbox(_Create):
    type: Literal["checkbox"]
    properties: Properties


class CustomFieldCreateSelect(_Create):
    type: Literal["select"]
    properties: SelectProperties


class CustomFieldCreate(
    RootModel[
        Annotated[
            CustomFieldCreateText
            | CustomFieldCreateNumber
            | CustomFieldCreateDate
            | CustomFieldCreateCheckbox
            | CustomFieldCreateSelect,
            Discriminator("type"),
        ]
    ]
):
    """POST /v1/custom-fields/."""


class _Update(Body):
    slug: Slug | None = None
    name: Label | None = None
    metadata: Metadata = {}


class CustomFieldUpdateText(_Update):
    type: Literal["text"]
    properties: TextProperties | None = None


class CustomFieldUpdateNumber(_Update):
    type: Literal["number"]
    properties: BoundedProperties | None = None


class CustomFieldUpdateDate(_Update):
    type: Literal["date"]
    properties: BoundedProperties | None = None


class CustomFieldUpdateCheckbox(_Update):
    type: Literal["checkbox"]
    properties: Properties | None = None


class CustomFieldUpdateSelect(_Update):
    type: Literal["select"]
    properties: SelectProperties | None = None


class CustomFieldUpdate(
    RootModel[
        Annotated[
            CustomFieldUpdateText
            | CustomFieldUpdateNumber
            | CustomFieldUpdateDate
            | CustomFieldUpdateCheckbox
            | CustomFieldUpdateSelect,
            Discriminator("type"),
        ]
    ]
):
    """PATCH /v1/custom-fields/{id}."""


class AttachedCustomField(Body):
    """A field that a product asks for."""

    custom_field_id: UUID4
    required: bool
