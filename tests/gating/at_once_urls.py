"""The doors, beside the provider behind them."""

from django.urls import include, path

from tests.gating import doors

urlpatterns = [*doors.urlpatterns, path("sandbox/", include("polar_django.sandbox.urls"))]
