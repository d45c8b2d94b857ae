"""The portal's rest: the e-mail address, and the programs that use a license key."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from polar_django.sandbox.engine import email_changes, license_checks
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import ORGANIZATION_ID, CustomerSession, LicenseKeyActivation
from polar_django.sandbox.pages.page import page, show
from polar_django.sandbox.pages.portal_door import back_to_portal, button, inside, may_manage

__all__ = ["confirm_email", "deactivate", "request_email"]


@button
def request_email(request: HttpRequest, session: CustomerSession) -> str:
    """Ask for another `email`; the mail's link is shown on the dashboard's page of the customer."""
    email = request.POST.get("email", "").strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise invalid("Give the new e-mail address.", "email", value=email) from error
    email_changes.request_email_change(session.customer, email)
    return "mail"


@page("GET", "POST", by_secret=True)
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Where the mail's link leads: GET asks, POST changes the address and opens the portal."""
    if request.method == "GET":
        change = email_changes.find_email_change(token)
        return show(request, "portal_email", {"change": change})
    base_url = request.build_absolute_uri(reverse("polar_sandbox:dashboard"))
    return back_to_portal(email_changes.verify_email_change(token, base_url=base_url), "email")


@inside("POST")
def deactivate(request: HttpRequest, session: CustomerSession, activation_id: UUID) -> HttpResponse:
    """A program may not use the key any more; where the seller lets customers see to it."""
    rows = LicenseKeyActivation.objects.select_related("license_key__benefit")
    activation = rows.filter(
        pk=activation_id, deleted_at=None, license_key__customer=session.customer
    ).first()
    if activation is None:
        raise ResourceNotFound
    key = activation.license_key
    is_mine = may_manage(session) or key.member_id == session.member_id
    rules = key.benefit.properties.get("activations") or {}
    if not is_mine or not rules.get("enable_customer_admin"):
        raise ResourceNotFound
    license_checks.deactivate_key(
        {"key": key.key, "organization_id": ORGANIZATION_ID, "activation_id": activation.id}
    )
    return back_to_portal(session, "deactivated")
