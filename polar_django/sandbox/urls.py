"""Every address of the sandbox, relative to where the project includes it."""

from django.urls import URLPattern, URLResolver, path

from polar_django.sandbox import control
from polar_django.sandbox.api.urls import urlpatterns as api_urlpatterns
from polar_django.sandbox.pages.urls import urlpatterns as pages_urlpatterns

app_name = "polar_sandbox"

urlpatterns: list[URLPattern | URLResolver] = [
    path("_control/clock", control.move_clock, name="control-clock"),
    path("_control/chaos", control.break_things, name="control-chaos"),
    path("_control/flush", control.flush, name="control-flush"),
    path("_control/reset", control.start_over, name="control-reset"),
    path("_control/deliveries", control.list_deliveries, name="control-deliveries"),
    path("_control/invitations", control.list_invitations, name="control-invitations"),
    path("_control/mails", control.list_mails, name="control-mails"),
    *api_urlpatterns,
    *pages_urlpatterns,
]
