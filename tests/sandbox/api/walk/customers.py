"""Who buys: customers, members, sessions, meters, seats."""

from typing import Any

from tests.sandbox.api.walk.step import WRONG, Step, Steps
from tests.sandbox.api.walk.world import MISSING, World

CUSTOMERS: Steps = {
    "customers.create": Step(
        World.customer, lambda w: w.polar.customers.create(email=w.ada.email.upper()), 422
    ),
    "customers.get": Step(
        lambda w: w.polar.customers.get(w.ada.id), lambda w: w.polar.customers.get(MISSING), 404
    ),
    "customers.get_external": Step(
        lambda w: w.polar.customers.get_external(w.ada.external_id),
        lambda w: w.polar.customers.get_external("nobody"),
        404,
    ),
    "customers.list": Step(
        lambda w: w.polar.customers.list(email=w.ada.email, active=True).items[0],
        lambda w: w.polar.customers.list(limit=0),
        422,
    ),
    "customers.export": Step(
        lambda w: w.polar.customers.export(),
        lambda w: w.polar.customers.export(organization_id=WRONG),
        422,
    ),
    "customers.update": Step(
        lambda w: w.polar.customers.update(w.ada.id, name="Ada L."),
        lambda w: w.polar.customers.update(w.ada.id, external_id="another"),
        422,
    ),
    "customers.update_external": Step(
        lambda w: w.polar.customers.update_external(w.ada.external_id, name="Ada L."),
        lambda w: w.polar.customers.update_external("nobody", name="Ada L."),
        404,
    ),
    # A state with a subscription is what the client itself cannot load; see test_against_polar.
    "customers.get_state": Step(
        lambda w: w.polar.customers.get_state(w.customer().id),
        lambda w: w.polar.customers.get_state(MISSING),
        404,
    ),
    "customers.get_state_external": Step(
        lambda w: w.polar.customers.get_state_external(w.customer().external_id),
        lambda w: w.polar.customers.get_state_external("nobody"),
        404,
    ),
    "customers.list_payment_methods": Step(
        lambda w: w.polar.customers.list_payment_methods(w.ada.id).items[0],
        lambda w: w.polar.customers.list_payment_methods(MISSING),
        404,
    ),
    "customers.list_payment_methods_external": Step(
        lambda w: w.polar.customers.list_payment_methods_external(w.ada.external_id).items[0],
        lambda w: w.polar.customers.list_payment_methods_external("nobody"),
        404,
    ),
    "customers.delete": Step(
        lambda w: w.polar.customers.delete(w.customer().id, anonymize=True),
        lambda w: w.polar.customers.delete(MISSING),
        404,
    ),
    "customers.delete_external": Step(
        lambda w: w.polar.customers.delete_external(w.customer().external_id),
        lambda w: w.polar.customers.delete_external("nobody"),
        404,
    ),
    "customers.members.create": Step(
        lambda w: w.polar.customers.members.create(
            w.ada.id, email="bob@example.com", external_id="bob"
        ),
        lambda w: w.polar.customers.members.create(w.ada.id, email="bob@example.com"),
        422,
    ),
    "customers.members.create_external": Step(
        lambda w: w.polar.customers.members.create_external(
            w.ada.external_id, email="eve@example.com", external_id="eve"
        ),
        lambda w: w.polar.customers.members.create_external("nobody", email="eve@example.com"),
        404,
    ),
    "customers.members.list": Step(
        lambda w: w.polar.customers.members.list(w.ada.id, role="owner").items[0],
        lambda w: w.polar.customers.members.list(MISSING),
        404,
    ),
    "customers.members.list_external": Step(
        lambda w: w.polar.customers.members.list_external(w.ada.external_id).items[0],
        lambda w: w.polar.customers.members.list_external("nobody"),
        404,
    ),
    "customers.members.get": Step(
        lambda w: w.polar.customers.members.get(w.ada.id, _member(w).id),
        lambda w: w.polar.customers.members.get(w.ada.id, MISSING),
        404,
    ),
    "customers.members.get_external": Step(
        lambda w: w.polar.customers.members.get_external(w.ada.external_id, _member(w).external_id),
        lambda w: w.polar.customers.members.get_external(w.ada.external_id, "nobody"),
        404,
    ),
    "customers.members.update": Step(
        lambda w: w.polar.customers.members.update(w.ada.id, _member(w).id, name="M"),
        lambda w: w.polar.customers.members.update(w.ada.id, MISSING, name="M"),
        404,
    ),
    "customers.members.update_external": Step(
        lambda w: w.polar.customers.members.update_external(
            w.ada.external_id, _member(w).external_id, name="M"
        ),
        lambda w: w.polar.customers.members.update_external(w.ada.external_id, "nobody", name="M"),
        404,
    ),
    "customers.members.delete": Step(
        lambda w: w.polar.customers.members.delete(w.ada.id, _member(w).id),
        lambda w: w.polar.customers.members.delete(w.ada.id, MISSING),
        404,
    ),
    "customers.members.delete_external": Step(
        lambda w: w.polar.customers.members.delete_external(
            w.ada.external_id, _member(w).external_id
        ),
        lambda w: w.polar.customers.members.delete_external(w.ada.external_id, "nobody"),
        404,
    ),
    "customer_sessions.create": Step(
        lambda w: w.polar.customer_sessions.create(external_customer_id=w.ada.external_id),
        lambda w: w.polar.customer_sessions.create(external_customer_id="nobody"),
        422,
    ),
    "customer_meters.list": Step(
        lambda w: w.polar.customer_meters.list(meter_id=w.usage.meter_id).items[0],
        lambda w: w.polar.customer_meters.list(meter_id=WRONG),
        422,
    ),
    "customer_meters.get": Step(
        lambda w: w.polar.customer_meters.get(w.usage.id),
        lambda w: w.polar.customer_meters.get(MISSING),
        404,
    ),
    "customer_seats.assign_seat": Step(
        World.seat,
        lambda w: w.polar.customer_seats.assign_seat(
            subscription_id=w.subscription.id, email="bob@example.com"
        ),
        400,
    ),
    "customer_seats.list_seats": Step(
        lambda w: w.polar.customer_seats.list_seats(subscription_id=w.team.id).seats[0],
        lambda w: w.polar.customer_seats.list_seats(subscription_id=MISSING),
        404,
    ),
    "customer_seats.resend_invitation": Step(
        lambda w: w.polar.customer_seats.resend_invitation(w.seat().id),
        lambda w: w.polar.customer_seats.resend_invitation(MISSING),
        404,
    ),
    "customer_seats.revoke_seat": Step(
        lambda w: w.polar.customer_seats.revoke_seat(w.seat().id),
        lambda w: w.polar.customer_seats.revoke_seat(MISSING),
        404,
    ),
    "customer_seats.get_claim_info": Step(
        lambda w: w.polar.customer_seats.get_claim_info(w.invitation()),
        lambda w: w.polar.customer_seats.get_claim_info("nothing"),
        404,
    ),
    "customer_seats.claim_seat": Step(
        lambda w: w.polar.customer_seats.claim_seat(invitation_token=w.invitation()),
        lambda w: w.polar.customer_seats.claim_seat(invitation_token="nothing"),
        400,
    ),
}


def _member(w: World) -> Any:
    number = len(w.polar.customers.members.list(w.ada.id, limit=100).items)
    return w.polar.customers.members.create(
        w.ada.id, email=f"m{number}@example.com", external_id=f"m{number}"
    )
