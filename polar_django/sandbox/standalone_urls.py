"""The addresses of a sandbox that is a site of its own: it is the root."""

from django.urls import include, path

from polar_django.sandbox.pages.page import nothing_here

urlpatterns = [
    path("", include("polar_django.sandbox.urls")),
    path("<path:rest>", nothing_here),
]
