"""/v1/customer-portal/customers/me/email-update"""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.inputs.fields import Body, Email, Text
from polar_django.sandbox.api.portal_access import has_session, require_billing
from polar_django.sandbox.api.refusals import json_answer
from polar_django.sandbox.engine import email_changes

router = Router(auth=has_session)


class EmailRequest(Body):
    email: Email


class EmailVerification(Body):
    token: Text


@router.post("/customers/me/email-update/request")
def request_email_update(request: HttpRequest, body: EmailRequest) -> Any:
    email_changes.request_email_change(require_billing(request), body.email)
    return json_answer(None, 202)


# These two are reached from a mail, where nobody is signed in: their token is the authority.
@router.get("/customers/me/email-update/check", auth=None, response={204: None})
def check_email_update(request: HttpRequest, token: str) -> None:
    email_changes.find_email_change(token)


@router.post("/customers/me/email-update/verify", auth=None)
def verify_email_update(request: HttpRequest, body: EmailVerification) -> Any:
    session = email_changes.verify_email_change(body.token, base_url=base_url(request))
    return {"token": session.token}
