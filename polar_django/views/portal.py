"""`portal/`: a fresh session of the provider's self-service page. Changes nothing: GET will do."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from polar_django.billing import create_portal_session
from polar_django.billing.checkout import absolute_address
from polar_django.conf import get_settings
from polar_django.exceptions import ObjectNotFound
from polar_django.subscribers import can_manage_billing
from polar_django.views.buyers import buyers_only, see_other
from polar_django.views.refusals import not_allowed_page


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_only
def portal(request: HttpRequest, subscriber: Any) -> HttpResponse:
    """303 to the portal; to UPGRADE_URL for somebody who has never bought anything."""
    if not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    settings = get_settings()
    back = absolute_address(resolve_url(settings.return_url), request)
    try:
        session = create_portal_session(subscriber, back)
    except ObjectNotFound:
        messages.info(request, _("You have not bought anything yet."), fail_silently=True)
        return see_other(resolve_url(settings.upgrade_url))
    return see_other(session.url)
