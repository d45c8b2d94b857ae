"""The addresses of a sandbox that is a site of its own: it is the root."""

from django.urls import include, path

urlpatterns = [path("", include("polar_django.sandbox.urls"))]
