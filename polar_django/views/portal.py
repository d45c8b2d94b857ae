"""`portal/`: a fresh session of the provider's self-service page. Changes nothing: GET will do."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from polar_django.billing import create_portal_session
from polar_django.billing.checkout import absolute_address
from polar_django.exceptions import ObjectNotFound
from polar_django.subscribers import can_manage_billing
from polar_django.views.buyers import address_set_as, buyers_only, see_other
from polar_django.views.refusals import not_allowed_page


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_only
def portal(request: HttpRequest, subscriber: Any) -> HttpResponse:
    """303 to the portal; to UPGRADE_URL for somebody who has never bought anything."""
    if not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    back = absolute_address(address_set_as("return_url"), request)
    try:
        session = create_portal_session(subscriber, back)
    except ObjectNotFound as error:
        if error.status is not None:  # the provider says so of a customer we know: no such route
            raise
        messages.info(request, _("You have not bought anything yet."), fail_silently=True)
        return see_other(address_set_as("upgrade_url"))
    return see_other(session.url)
