"""The API's addresses, relative to the sandbox's own: everything under `v1/` and `api/v1/`."""

from django.urls import re_path

from polar_django.sandbox.api.door import answer

__all__ = ["urlpatterns"]

urlpatterns = [re_path(r"^(?:api/)?v1/(?P<rest>.*)$", answer, name="api")]
