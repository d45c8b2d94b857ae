"""What the shop of the chaos run serves: the webhook."""

from django.urls import include, path

urlpatterns = [path("billing/", include("polar_django.urls"))]
