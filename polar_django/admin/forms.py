"""What the actions ask for before they are done."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from polar_django.admin.actions import NoteForm
from polar_django.models import Benefit
from polar_django.subscribers import find_subscriber

__all__ = ["CancelForm", "GiveForm", "LinkForm", "RetellForm"]

# Polar's reasons for a cancellation.
_REASONS = (
    ("", gettext_lazy("not said")),
    ("too_expensive", gettext_lazy("too expensive")),
    ("missing_features", gettext_lazy("missing features")),
    ("switched_service", gettext_lazy("switched to another service")),
    ("unused", gettext_lazy("not used")),
    ("customer_service", gettext_lazy("customer service")),
    ("low_quality", gettext_lazy("low quality")),
    ("too_complex", gettext_lazy("too complex")),
    ("other", gettext_lazy("other")),
)
_MOST_KEYS = 200


class CancelForm(NoteForm):
    reason = forms.ChoiceField(
        label=gettext_lazy("The customer's reason"), choices=_REASONS, required=False
    )
    comment = forms.CharField(
        label=gettext_lazy("In their own words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The provider keeps both with the subscription."),
    )


class SubscriberField(forms.CharField):
    """A subscriber by key, or, where subscribers are users, by the name they sign in with."""

    def clean(self, value: Any) -> Any:
        found = find_subscriber(super().clean(value))
        if found is None:
            raise forms.ValidationError(_("There is no such subscriber."), code="unknown")
        return found


class LinkForm(NoteForm):
    subscriber = SubscriberField(
        label=gettext_lazy("Subscriber"),
        help_text=gettext_lazy("Their key (the number in this admin's addresses) or user name."),
    )
    replace = forms.BooleanField(
        label=gettext_lazy("Take it from whom it belongs to now"), required=False
    )

    def log_text(self) -> str:
        return f"Subscriber {self.cleaned_data['subscriber'].pk}."


class KeyInput(forms.TextInput):
    """Free text that offers the keys of the mirrored benefits. One query when it is shown."""

    template_name = "admin/polar_django/key_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        keys = Benefit.objects.filter(is_deleted=False).exclude(key="").order_by("key")
        context["keys"] = list(keys.values_list("key", flat=True).distinct()[:_MOST_KEYS])
        return context


class GiveForm(NoteForm):
    subscriber = LinkForm.base_fields["subscriber"]
    key = forms.CharField(
        label=gettext_lazy("Benefit"),
        max_length=255,
        widget=KeyInput,
        help_text=gettext_lazy("The key that the code asks for."),
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: until it is revoked."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=255,
        help_text=gettext_lazy("Shown wherever somebody asks why they hold it."),
    )

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if not key.isprintable():
            raise forms.ValidationError(_("A key is one line of text."), code="invalid")
        return key

    def clean_until(self) -> datetime | None:
        """The end of that day, in the project's time zone."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        end = timezone.make_aware(datetime(day.year, day.month, day.day) + timedelta(days=1))
        if end <= timezone.now():
            raise forms.ValidationError(_("That day is over."), code="past")
        return end

    def log_text(self) -> str:
        given = self.cleaned_data
        end = f" until {given['until']:%Y-%m-%d %H:%M}" if given["until"] else ""
        return f"{given['key']} to subscriber {given['subscriber'].pk}{end}: {given['reason']}."


class RetellForm(NoteForm):
    everybody = forms.BooleanField(
        label=gettext_lazy("Also call the receivers that have succeeded"),
        required=False,
        help_text=gettext_lazy("They hear of the same change a second time."),
    )

    def log_text(self) -> str:
        return "To everybody." if self.cleaned_data["everybody"] else ""
