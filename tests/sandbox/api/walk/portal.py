"""The customer portal's services."""

from typing import Any

from tests.sandbox.api.walk.step import WRONG, Step, Steps
from tests.sandbox.api.walk.world import MISSING, World
from tests.sandbox_fixtures import DECLINES, PAYS

NOBODY: Any = {"request_access_token": "polar_mst_of_nobody"}
NOWHERE: Any = {"country": "nowhere"}
ASKS_FIRST = "4000 0027 6000 3184"


def _add_card(w: World, card: str = PAYS) -> Any:
    return w.portal.customer_portal.customers.add_payment_method(
        confirmation_token_id=card, set_default=False, return_url="https://shop.example"
    )


def _confirm_card(w: World) -> object:
    setup = _add_card(w, ASKS_FIRST).client_secret.partition("_secret_")[0]
    return w.portal.customer_portal.customers.confirm_payment_method(
        setup_intent_id=setup, set_default=True
    )


def _ask_for_email(w: World) -> str:
    w.allow_email_change()
    w.portal.customer_portal.customers.request_email_update(email="new@example.com")
    return w.mailed_token("email_change")


def _delete_used_card(w: World) -> None:
    customer = w.buyer("pro-monthly")
    (used,) = w.polar.customers.list_payment_methods(customer.id).items
    portal = w.as_customer(customer_id=customer.id)
    portal.customer_portal.customers.delete_payment_method(used.id)


def _retry(w: World, card: str) -> object:
    portal, order = w.unpaid()
    paid = portal.customer_portal.orders.confirm_retry_payment(order.id, confirmation_token_id=card)
    assert paid.status == "succeeded"
    return paid


def _pay_what_is_paid(w: World) -> object:
    portal = w.as_customer(customer_id=w.ada.id)
    return portal.customer_portal.orders.confirm_retry_payment(
        w.order.id, confirmation_token_id=PAYS
    )


def _invoice(w: World) -> object:
    orders = w.portal.customer_portal.orders
    orders.update(w.order.id, billing_name="Ada Ltd")
    orders.generate_invoice(w.order.id)
    return orders.invoice(w.order.id)


def _member(w: World) -> Any:
    number = len(w.team_portal.customer_portal.members.list_members(limit=100).items)
    return w.team_portal.customer_portal.members.add_member(email=f"m{number}@example.com")


def _seat(w: World) -> Any:
    number = len(w.team_portal.customer_portal.seats.list_seats(subscription_id=w.team.id).seats)
    return w.team_portal.customer_portal.seats.assign_seat(
        subscription_id=w.team.id, email=f"s{number}@example.com"
    )


def _revoke_seat(w: World) -> object:
    seats = w.team_portal.customer_portal.seats
    found = seats.list_seats(subscription_id=w.team.id).seats
    return seats.revoke_seat(found[-1].id)


def _rotate_revoked(w: World) -> object:
    w.polar.license_keys.update(w.key.id, status="revoked")
    return w.key_portal.customer_portal.license_keys.rotate(w.key.id)


def _downloads(w: World) -> object:
    portal = w.as_customer(customer_id=w.buyer_of(w.product(w.file_benefit).id).id)
    return portal.customer_portal.downloadables.list().items[0]


def _cancel(w: World) -> object:
    customer = w.buyer("pro-monthly")
    portal = w.as_customer(customer_id=customer.id)
    return portal.customer_portal.subscriptions.cancel(w.subscription_of(customer).id)


PORTAL: Steps = {
    "benefit_grants.list": Step(
        lambda w: w.portal.customer_portal.benefit_grants.list(type="custom").items[0],
        lambda w: w.portal.customer_portal.benefit_grants.list(benefit_id=WRONG),
        422,
    ),
    "benefit_grants.get": Step(
        lambda w: w.portal.customer_portal.benefit_grants.get(w.grant.id),
        lambda w: w.portal.customer_portal.benefit_grants.get(MISSING),
        404,
    ),
    "benefit_grants.update": Step(
        lambda w: w.portal.customer_portal.benefit_grants.update(w.grant.id, benefit_type="custom"),
        lambda w: w.portal.customer_portal.benefit_grants.update(
            w.grant.id, benefit_type="license_keys"
        ),
        422,
    ),
    "customer_meters.list": Step(
        lambda w: (w.usage, w.portal.customer_portal.customer_meters.list().items[0]),
        lambda w: w.portal.customer_portal.customer_meters.list(meter_id=WRONG),
        422,
    ),
    "customer_meters.get": Step(
        lambda w: w.portal.customer_portal.customer_meters.get(w.usage.id),
        lambda w: w.portal.customer_portal.customer_meters.get(MISSING),
        404,
    ),
    "customer_session.introspect": Step(
        lambda w: w.portal.customer_portal.customer_session.introspect(),
        lambda w: w.portal.customer_portal.customer_session.introspect(**NOBODY),
        401,
    ),
    "customer_session.get_authenticated_user": Step(
        lambda w: w.portal.customer_portal.customer_session.get_authenticated_user(),
        lambda w: w.portal.customer_portal.customer_session.get_authenticated_user(**NOBODY),
        401,
    ),
    "customers.get": Step(
        lambda w: w.portal.customer_portal.customers.get(),
        lambda w: w.portal.customer_portal.customers.get(**NOBODY),
        401,
    ),
    "customers.update": Step(
        lambda w: w.portal.customer_portal.customers.update(billing_name="Ada Ltd"),
        lambda w: w.portal.customer_portal.customers.update(billing_address=NOWHERE),
        422,
    ),
    "customers.list_payment_methods": Step(
        lambda w: w.portal.customer_portal.customers.list_payment_methods().items[0],
        lambda w: w.portal.customer_portal.customers.list_payment_methods(limit=0),
        422,
    ),
    "customers.add_payment_method": Step(_add_card, lambda w: _add_card(w, DECLINES), 400),
    "customers.confirm_payment_method": Step(
        _confirm_card,
        lambda w: w.portal.customer_portal.customers.confirm_payment_method(
            setup_intent_id="seti_of_nobody", set_default=True
        ),
        403,
    ),
    "customers.delete_payment_method": Step(
        lambda w: w.portal.customer_portal.customers.delete_payment_method(
            _add_card(w).payment_method.id
        ),
        _delete_used_card,
        400,
    ),
    "customers.request_email_update": Step(
        _ask_for_email,
        lambda w: w.portal.customer_portal.customers.request_email_update(email=w.customer().email),
        422,
    ),
    "customers.check_email_update": Step(
        lambda w: w.portal.customer_portal.customers.check_email_update(token=_ask_for_email(w)),
        lambda w: w.portal.customer_portal.customers.check_email_update(token="nothing"),
        401,
    ),
    "customers.verify_email_update": Step(
        lambda w: w.portal.customer_portal.customers.verify_email_update(token=_ask_for_email(w)),
        lambda w: w.portal.customer_portal.customers.verify_email_update(token="nothing"),
        401,
    ),
    "downloadables.list": Step(
        _downloads, lambda w: w.portal.customer_portal.downloadables.list(benefit_id=WRONG), 422
    ),
    "license_keys.list": Step(
        lambda w: w.key_portal.customer_portal.license_keys.list().items[0],
        lambda w: w.key_portal.customer_portal.license_keys.list(benefit_id=WRONG),
        422,
    ),
    "license_keys.get": Step(
        lambda w: w.key_portal.customer_portal.license_keys.get(w.key.id),
        lambda w: w.key_portal.customer_portal.license_keys.get(MISSING),
        404,
    ),
    "license_keys.validate": Step(
        lambda w: w.key_portal.customer_portal.license_keys.validate(**w.named(w.key)),
        lambda w: w.key_portal.customer_portal.license_keys.validate(
            **{**w.named(w.key), "key": "nothing"}
        ),
        404,
    ),
    "license_keys.activate": Step(
        lambda w: w.key_portal.customer_portal.license_keys.activate(
            **w.named(w.key), label="laptop"
        ),
        lambda w: w.key_portal.customer_portal.license_keys.activate(
            **{**w.named(w.key), "key": "nothing"}, label="laptop"
        ),
        404,
    ),
    "license_keys.deactivate": Step(
        lambda w: w.key_portal.customer_portal.license_keys.deactivate(
            **w.named(w.key), activation_id=w.activation().id
        ),
        lambda w: w.key_portal.customer_portal.license_keys.deactivate(
            **w.named(w.key), activation_id=MISSING
        ),
        404,
    ),
    "license_keys.rotate": Step(
        lambda w: w.key_portal.customer_portal.license_keys.rotate(w.key.id), _rotate_revoked, 400
    ),
    "members.list_members": Step(
        lambda w: w.team_portal.customer_portal.members.list_members().items[0],
        lambda w: w.team_portal.customer_portal.members.list_members(limit=0),
        422,
    ),
    "members.add_member": Step(
        _member,
        lambda w: w.team_portal.customer_portal.members.add_member(email="nothing"),
        422,
    ),
    "members.update_member": Step(
        lambda w: w.team_portal.customer_portal.members.update_member(
            _member(w).id, role="billing_manager"
        ),
        lambda w: w.team_portal.customer_portal.members.update_member(MISSING, role="member"),
        404,
    ),
    "members.remove_member": Step(
        lambda w: w.team_portal.customer_portal.members.remove_member(_member(w).id),
        lambda w: w.team_portal.customer_portal.members.remove_member(MISSING),
        404,
    ),
    "orders.list": Step(
        lambda w: w.portal.customer_portal.orders.list().items[0],
        lambda w: w.portal.customer_portal.orders.list(product_id=WRONG),
        422,
    ),
    "orders.get": Step(
        lambda w: w.portal.customer_portal.orders.get(w.order.id),
        lambda w: w.portal.customer_portal.orders.get(w.new_order().id),
        404,
    ),
    "orders.update": Step(
        lambda w: w.portal.customer_portal.orders.update(w.order.id, billing_name="Ada Ltd"),
        lambda w: w.portal.customer_portal.orders.update(MISSING, billing_name="Ada Ltd"),
        404,
    ),
    "orders.get_payment_status": Step(
        lambda w: w.portal.customer_portal.orders.get_payment_status(w.order.id),
        lambda w: w.portal.customer_portal.orders.get_payment_status(MISSING),
        404,
    ),
    "orders.receipt": Step(
        lambda w: w.portal.customer_portal.orders.receipt(w.order.id).url,
        lambda w: w.portal.customer_portal.orders.receipt(MISSING),
        404,
    ),
    "orders.generate_invoice": Step(
        lambda w: w.portal.customer_portal.orders.generate_invoice(w.order.id),
        lambda w: w.portal.customer_portal.orders.generate_invoice(MISSING),
        404,
    ),
    "orders.invoice": Step(
        _invoice, lambda w: w.portal.customer_portal.orders.invoice(MISSING), 404
    ),
    "orders.confirm_retry_payment": Step(
        lambda w: _retry(w, PAYS),
        _pay_what_is_paid,
        422,
    ),
    "organizations.get": Step(
        lambda w: w.portal.customer_portal.organizations.get("sandbox"),
        lambda w: w.portal.customer_portal.organizations.get("nobody"),
        404,
    ),
    "seats.assign_seat": Step(
        _seat,
        lambda w: w.team_portal.customer_portal.seats.assign_seat(
            subscription_id=w.subscription.id, email="bob@example.com"
        ),
        400,
    ),
    "seats.list_seats": Step(
        lambda w: w.team_portal.customer_portal.seats.list_seats(subscription_id=w.team.id),
        lambda w: w.team_portal.customer_portal.seats.list_seats(subscription_id=MISSING),
        404,
    ),
    "seats.list_claimed_subscriptions": Step(
        lambda w: w.team_portal.customer_portal.seats.list_claimed_subscriptions().items[0],
        lambda w: w.team_portal.customer_portal.seats.list_claimed_subscriptions(limit=0),
        422,
    ),
    "seats.resend_invitation": Step(
        lambda w: w.team_portal.customer_portal.seats.resend_invitation(_seat(w).id),
        lambda w: w.team_portal.customer_portal.seats.resend_invitation(MISSING),
        404,
    ),
    "seats.revoke_seat": Step(
        _revoke_seat, lambda w: w.team_portal.customer_portal.seats.revoke_seat(MISSING), 404
    ),
    "subscriptions.list": Step(
        lambda w: w.portal.customer_portal.subscriptions.list(active=True).items[0],
        lambda w: w.portal.customer_portal.subscriptions.list(product_id=WRONG),
        422,
    ),
    "subscriptions.get": Step(
        lambda w: w.portal.customer_portal.subscriptions.get(w.subscription.id),
        lambda w: w.portal.customer_portal.subscriptions.get(w.team.id),
        404,
    ),
    "subscriptions.update": Step(
        lambda w: w.portal.customer_portal.subscriptions.update(
            w.subscription.id, product_id=w.products["pro-yearly"]
        ),
        lambda w: w.portal.customer_portal.subscriptions.update(
            w.subscription.id, product_id=w.products["ebook"]
        ),
        422,
    ),
    "subscriptions.cancel": Step(
        _cancel, lambda w: w.portal.customer_portal.subscriptions.cancel(MISSING), 404
    ),
    "wallets.list": Step(
        lambda w: w.portal.customer_portal.wallets.list(),
        lambda w: w.portal.customer_portal.wallets.list(limit=0),
        422,
    ),
    "wallets.get": Step(
        lambda w: w.portal.customer_portal.wallets.get(MISSING),
        lambda w: w.portal.customer_portal.wallets.get(WRONG),
        422,
        answers=404,
    ),
}
