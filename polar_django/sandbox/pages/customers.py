"""All customers, and one customer with what happened to them."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from polar_django.sandbox import clock
from polar_django.sandbox.engine.sessions import create_customer_session
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import BILLABLE_STATUSES, Customer, Seat
from polar_django.sandbox.pages.page import SeeOther, page, show
from polar_django.sandbox.pages.timeline import timeline

__all__ = ["customer", "customers", "open_portal"]

ROWS = 50


@page("GET")
def customers(request: HttpRequest) -> HttpResponse:
    """All customers, newest first. Three queries."""
    billable = Count("subscriptions", filter=Q(subscriptions__status__in=BILLABLE_STATUSES))
    found = Customer.objects.filter(deleted_at=None).annotate(billable_count=billable)
    rows = Paginator(found.order_by("-created_at"), ROWS).get_page(request.GET.get("page"))
    return show(request, "customers", {"rows": rows})


@page("GET")
def customer(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """One customer, deleted ones too. Ten queries."""
    found = _find(customer_id)
    grants = found.grants.select_related("benefit").order_by("created_at")
    context = {
        "customer": found,
        "subscriptions": found.subscriptions.select_related("product")
        .prefetch_related("prices")
        .order_by("-created_at"),
        "orders": found.orders.select_related("product").order_by("-created_at"),
        "grants": grants,
        "steps": timeline(found),
        "mails": _mails(found),
    }
    return show(request, "customer", context)


@page("POST")
def open_portal(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Look at the portal as this customer."""
    base_url = request.build_absolute_uri(reverse("polar_sandbox:dashboard"))
    data = {"customer_id": _find(customer_id).id, "member_id": _owner_id(customer_id)}
    session = create_customer_session(data, base_url=base_url)
    query = urlencode({"customer_session_token": session.token})
    return SeeOther(f"{reverse('polar_sandbox:portal')}?{query}")


def _mails(found: Customer) -> list[dict[str, str]]:
    """What Polar would have mailed and still waits. Three queries.

    A seat's invitation leads to the shop's own page, so only its token is shown.
    """
    seats = Seat.objects.filter(status="pending", invitation_token__isnull=False)
    own = seats.filter(subscription__customer=found) | seats.filter(order__customer=found)
    changes = found.email_changes.filter(used_at=None, expires_at__gt=clock.now())
    return [
        *(
            {
                "to": change.email,
                "what": "change of e-mail",
                "url": reverse("polar_sandbox:portal-confirm-email", args=[change.token]),
            }
            for change in changes
        ),
        *(
            {
                "to": seat.email or "",
                "what": "invitation to a seat",
                "token": seat.invitation_token or "",
            }
            for seat in own
        ),
    ]


def _find(customer_id: UUID) -> Customer:
    found = Customer.objects.filter(pk=customer_id).first()
    if found is None:
        raise ResourceNotFound
    return found


def _owner_id(customer_id: UUID) -> UUID | None:
    """A team's portal asks who is looking; here it is the owner."""
    owners = Customer.objects.filter(pk=customer_id, members__role="owner")
    return owners.values_list("members__id", flat=True).first()
