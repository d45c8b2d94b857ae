"""The addresses of the app: `path("billing/", include("polar_django.urls"))`."""

from django.urls import path

from polar_django.views import actions, change, manage, seats
from polar_django.views.arrival import arrive, tell_status
from polar_django.views.checkout import checkout
from polar_django.views.health import show_health, show_metrics
from polar_django.views.portal import portal
from polar_django.webhooks.views import receive

app_name = "polar"

urlpatterns = [
    path("webhooks/<str:provider>/", receive, name="webhook"),
    # Providers follow no redirect, so an address entered without its slash must work too.
    path("webhooks/<str:provider>", receive),
    path("checkout/<str:plan>/", checkout, name="checkout"),
    path("return/", arrive, name="return"),
    path("portal/", portal, name="portal"),
    path("status/", tell_status, name="status"),
    path("manage/", manage.manage, name="manage"),
    path("manage/orders/<str:order_id>/invoice/", manage.invoice, name="invoice"),
    path("manage/<str:subscription_id>/change/", change.change, name="change"),
    path("manage/<str:subscription_id>/seats/", change.change_number, name="change-seats"),
    path("manage/<str:subscription_id>/cancel/", actions.cancel, name="cancel"),
    path("manage/<str:subscription_id>/uncancel/", actions.uncancel, name="uncancel"),
    path("manage/<str:subscription_id>/pause/", actions.pause, name="pause"),
    path("manage/<str:subscription_id>/resume/", actions.resume, name="resume"),
    path("manage/<str:subscription_id>/end/", actions.end, name="end"),
    path("manage/<str:subscription_id>/keep/", actions.keep, name="keep"),
    path("health/", show_health, name="health"),
    path("health/metrics/", show_metrics, name="health-metrics"),
    path("seats/", seats.manage, name="seats"),
    path("seats/claim/<str:token>/", seats.claim, name="seat-claim"),
    path("seats/<str:seat_id>/revoke/", seats.revoke, name="seat-revoke"),
    path("seats/<str:seat_id>/resend/", seats.resend, name="seat-resend"),
]
