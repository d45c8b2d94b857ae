from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from polar_django.decorators import requires_benefit
from polar_django.webhooks.views import receive

PRICING = '{% load polar %}{% checkout_button "pro" %}<a href="{% portal_url %}">Billing</a>'


@login_not_required
def pricing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(PRICING).render({}, request))


@requires_benefit("pro")
def report(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


# Django allows no async view a transaction; the gate passes that on.
@requires_benefit("pro")
@non_atomic_requests
async def areport(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


urlpatterns = [
    # The provider knows one address, in no language.
    path("billing/webhooks/<str:provider>/", receive),
    path("sandbox/", include("polar_django.sandbox.urls")),
    *i18n_patterns(
        path("billing/", include("polar_django.urls")),
        path("pricing/", pricing, name="pricing"),
        path("report/", report, name="report"),
        path("areport/", areport),
        path("login/", LoginView.as_view(), name="login"),
    ),
]
