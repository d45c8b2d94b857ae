"""Where the sandbox is, as the caller sees it."""

from django.http import HttpRequest

from polar_django.sandbox.conf import get_settings

__all__ = ["base_url", "other_spelling"]


def base_url(request: HttpRequest) -> str:
    """The address of the sandbox without a trailing slash: the setting, else from the request."""
    configured = get_settings().base_url.rstrip("/")
    if configured:
        return configured
    match = request.resolver_match
    rest = match.kwargs["rest"] if match else ""
    mount = request.path[: len(request.path) - len(f"/v1/{rest}")].removesuffix("/api")
    return request.build_absolute_uri(mount or "/").rstrip("/")


def other_spelling(request: HttpRequest) -> str:
    """The address asked for, with its trailing slash added or taken away."""
    path, mark, query = request.get_full_path().partition("?")
    path = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    return request.build_absolute_uri(f"{path}{mark}{query}")
