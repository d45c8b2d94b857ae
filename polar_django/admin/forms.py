"""What the actions ask for before they are done."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import MultipleObjectsReturned, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from polar_django.admin.actions import NoteForm
from polar_django.admin.columns import minor_digits, money
from polar_django.models import Benefit, Customer
from polar_django.subscribers import find_subscriber, subscriber_class

__all__ = ["CancelForm", "GiveForm", "LinkForm", "RefundForm", "RetellForm"]

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
_REVOKE = "polar_django.revoke_subscription"


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


class SubscriberField(forms.ModelChoiceField):  # type: ignore[type-arg]  # of whichever model
    """A subscriber by key, or, where subscribers are users, by the name they sign in with."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        text = str(value).strip()
        # What is chosen from suggestions is a key, whoever has it for a name.
        is_chosen = isinstance(self.widget, AutocompleteSelect)
        try:
            found = find_subscriber(f"pk={text}" if is_chosen else text)
        except MultipleObjectsReturned as error:
            raise forms.ValidationError(str(error), code="ambiguous") from error
        if found is None:
            raise forms.ValidationError(_("There is no such subscriber."), code="unknown")
        return found


class SubscriberForm(NoteForm):
    """Asks for a subscriber: with suggestions, where this member of staff may search for them."""

    subscriber = SubscriberField(
        queryset=None,
        label=gettext_lazy("Subscriber"),
        widget=forms.TextInput,
        help_text=gettext_lazy("Their key (the number in this admin's addresses) or user name."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._subscriber.queryset = subscriber_class()._default_manager.all()

    def offer(self, request: HttpRequest, site: AdminSite, rows: Sequence[Any]) -> None:
        listed = site._registry.get(subscriber_class())
        if listed is None or not listed.has_view_permission(request):
            return
        if listed.get_search_fields(request) and self._has_key():
            link = Customer._meta.get_field("subscriber")
            self._subscriber.widget = AutocompleteSelect(link, site)
            self._subscriber.widget.choices = self._subscriber.choices
            self._subscriber.help_text = ""

    def _has_key(self) -> bool:
        """Whether what stands in the field may be a key: the suggestions know nothing else."""
        given = self["subscriber"].value()
        try:
            subscriber_class()._meta.pk.to_python(given or None)
        except ValidationError:
            return False
        return True

    @property
    def _subscriber(self) -> Any:
        return self.fields["subscriber"]


class LinkForm(SubscriberForm):
    replace = forms.BooleanField(
        label=gettext_lazy("Take it from whom it belongs to now"), required=False
    )

    def log_text(self) -> str:
        return f"Subscriber {self.cleaned_data['subscriber'].pk}."


_REFUND_REASONS = (
    ("customer_request", gettext_lazy("the customer asked for it")),
    ("duplicate", gettext_lazy("paid twice")),
    ("fraudulent", gettext_lazy("fraud")),
    ("service_disruption", gettext_lazy("the service was down")),
    ("satisfaction_guarantee", gettext_lazy("satisfaction guarantee")),
    ("other", gettext_lazy("other")),
)


class RefundForm(NoteForm):
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        required=False,
        min_value=0,
        max_digits=20,
        help_text=gettext_lazy("Net of tax, which the provider adds. Empty: all that is left."),
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=_REFUND_REASONS)
    end_access = forms.BooleanField(
        label=gettext_lazy("Also take away what was bought"),
        required=False,
        help_text=gettext_lazy(
            "A subscription ends now; a purchase loses its benefits. Otherwise both go on."
        ),
    )
    # A form that is sent twice gives the money back once.
    request_key = forms.CharField(
        max_length=64, initial=lambda: uuid.uuid4().hex, widget=forms.HiddenInput
    )

    def offer(self, request: HttpRequest, site: AdminSite, rows: Sequence[Any]) -> None:
        order = rows[0]
        self.currency = order.currency
        self.left = order.refundable_amount
        self.fields["amount"].label = _("Amount (at most %(money)s)") % {
            "money": money(self.left, self.currency)
        }
        if order.subscription_id and not request.user.has_perm(_REVOKE):
            del self.fields["end_access"]

    def clean_amount(self) -> int | None:
        """In minor units."""
        given: Decimal | None = self.cleaned_data["amount"]
        if given is None:
            return None
        minor = given.scaleb(minor_digits(self.currency))
        if minor != minor.to_integral_value() or minor < 1:
            raise forms.ValidationError(_("This is no amount of that currency."), code="invalid")
        if minor > self.left:
            raise forms.ValidationError(_("This is more than is left."), code="too_much")
        return int(minor)

    def log_text(self) -> str:
        given = self.cleaned_data
        amount = given["amount"]
        what = money(amount, self.currency) if amount else "all that was left"
        end = ", and what was bought to be taken away" if given.get("end_access") else ""
        return f"{what} ({given['reason']}){end}."


class KeyInput(forms.TextInput):
    """Free text that offers the keys of the mirrored benefits. One query when it is shown."""

    template_name = "admin/polar_django/key_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        keys = Benefit.objects.filter(is_deleted=False).exclude(key="").order_by("key")
        context["keys"] = list(keys.values_list("key", flat=True).distinct()[:_MOST_KEYS])
        return context


class GiveForm(SubscriberForm):
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
        try:
            end = timezone.make_aware(datetime(day.year, day.month, day.day) + timedelta(days=1))
            is_over = end <= timezone.now()
        except OverflowError:
            raise forms.ValidationError(
                _("No clock goes that far: leave it empty for no end."), code="too_late"
            ) from None
        if is_over:
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
