"""/v1/checkouts/client/{client_secret}: what the pay page may do; the secret is the authority"""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from polar_django.sandbox import shapes
from polar_django.sandbox.api.inputs.checkouts import CheckoutConfirm, CheckoutUpdatePublic
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.engine import checkouts, confirmation

router = Router(auth=None)


@router.get("/{client_secret}")
def get_checkout(request: HttpRequest, client_secret: str) -> Any:
    return shapes.checkout_public(checkouts.get_client_checkout(client_secret))


@router.patch("/{client_secret}")
def update_checkout(request: HttpRequest, client_secret: str, body: CheckoutUpdatePublic) -> Any:
    checkout = checkouts.get_client_checkout(client_secret)
    return shapes.checkout_public(checkouts.update_checkout_by_buyer(checkout, sent(body)))


@router.post("/{client_secret}/confirm")
def confirm_checkout(request: HttpRequest, client_secret: str, body: CheckoutConfirm) -> Any:
    checkout = checkouts.get_client_checkout(client_secret)
    return shapes.checkout_confirmed(confirmation.confirm_checkout(checkout, sent(body)))
