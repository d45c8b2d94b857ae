"""/v1/customer-sessions/"""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.inputs.customers import CustomerSessionCreate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.engine import sessions

router = Router()


@router.post("/", response={201: dict[str, Any]})
def create_customer_session(request: HttpRequest, body: CustomerSessionCreate) -> Any:
    session = sessions.create_customer_session(sent(body.root), base_url=base_url(request))
    return shapes.customer_session(session)
