"""Every address of the sandbox, relative to where the project includes it."""

from django.urls import URLPattern, URLResolver

app_name = "polar_sandbox"

urlpatterns: list[URLPattern | URLResolver] = []
