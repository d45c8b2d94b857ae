"""An API on the fake provider: its addresses, and clients that carry a token or a session."""

from typing import Any

from django.contrib.auth import get_user_model
from django.urls import include, path
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.test import APIClient

API = "/api/billing"
urlpatterns = [
    path("billing/", include("polar_django.urls")),
    path("api/billing/", include("polar_django.drf.urls")),
]


class ByName(BaseAuthentication):
    """`Authorization: Name ada`: a token as simple as can be."""

    def authenticate(self, request: Any) -> Any:
        scheme, _, name = request.headers.get("Authorization", "").partition(" ")
        return (get_user_model().objects.get(username=name), None) if scheme == "Name" else None

    def authenticate_header(self, request: Any) -> str:
        return "Name"


AUTHENTICATION = [ByName, SessionAuthentication]


def client_of(user: Any, *, session_user: Any = None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Name {user.username}")
    if session_user is not None:
        client.force_login(session_user)
    return client
