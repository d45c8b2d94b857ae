"""A customer's new e-mail: asked for in the portal, true once the link in the mail is followed.

No mail is sent; `GET _control/mails` shows what would have been.
"""

from datetime import timedelta

from polar_django.sandbox import clock, tokens
from polar_django.sandbox.engine import rows, sessions
from polar_django.sandbox.engine.customers import EMAIL_TAKEN, find_by_email, update_customer
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import InvalidEmailUpdate, NotPermitted, invalid
from polar_django.sandbox.models import Customer, CustomerSession, EmailChange

__all__ = ["find_email_change", "request_email_change", "verify_email_change"]

LIFETIME = timedelta(minutes=30)


def request_email_change(customer: Customer, email: str) -> EmailChange:
    """Ask for another address. The older requests of this customer are worth nothing any more.

    Raises NotPermitted where the organization does not allow it, InvalidRequest for an address
    that a customer has. Sends nothing.
    """
    allowed = get_organization().settings["customer_portal_settings"]["customer"]
    if not allowed.get("allow_email_change"):
        raise NotPermitted("Customers cannot change their email address themselves.")
    _check_free(email, customer)
    with business_transaction():
        customer.email_changes.filter(used_at=None).update(used_at=clock.tick())
        return rows.create(
            EmailChange,
            customer=customer,
            email=email,
            token=tokens.make_token(tokens.EMAIL_CHANGE),
            expires_at=clock.now() + LIFETIME,
        )


def find_email_change(token: str) -> EmailChange:
    """The request of a token that is still good. Raises InvalidEmailUpdate. One query."""
    open_ = EmailChange.objects.filter(
        used_at=None, expires_at__gt=clock.now(), customer__deleted_at=None
    )
    found = open_.select_related("customer").filter(token=token).first()
    if found is None:
        raise InvalidEmailUpdate
    return found


def verify_email_change(token: str, *, base_url: str = "") -> CustomerSession:
    """The customer has the new address, verified, and a new portal session.

    Raises InvalidEmailUpdate, InvalidRequest (somebody took the address meanwhile). Sends
    customer.updated and customer.state_changed.
    """
    with business_transaction():
        change = find_email_change(token)
        customer = change.customer
        _check_free(change.email, customer)
        rows.change(change, used_at=clock.tick())
        update_customer(customer, {"email": change.email})
        rows.change(customer, email_verified=True)
        return sessions.open_session(
            customer,
            member=customer.members.filter(role="owner", deleted_at=None).first(),
            prefix=tokens.MEMBER_SESSION,
            base_url=base_url,
        )


def _check_free(email: str, customer: Customer) -> None:
    other = find_by_email(email)
    if other is not None and other.pk != customer.pk:
        raise invalid(EMAIL_TAKEN, "email", value=email)
