"""What a project may have in the way of its deliveries."""

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect


def login_required_everywhere(get_response):
    """As many projects wrote it before Django had one: it asks no view."""

    def middleware(request):
        if not request.user.is_authenticated and request.path != "/accounts/login/":
            return redirect("/accounts/login/?next=" + request.path)
        return get_response(request)

    return middleware


class StrictCsrf(CsrfViewMiddleware):
    """Protects every view, also those that say that they are exempt."""

    def process_view(self, request, callback, callback_args, callback_kwargs):
        def protected(*args, **kwargs):
            return callback(*args, **kwargs)

        return super().process_view(request, protected, callback_args, callback_kwargs)


def without_slash(get_response):
    """Takes the last slash from every address."""

    def middleware(request):
        if request.path.endswith("/"):
            return HttpResponsePermanentRedirect(request.path.rstrip("/"))
        return get_response(request)

    return middleware


def maintenance(get_response):
    def middleware(request):
        return HttpResponse("We are back soon.", status=200)

    return middleware


def known_browsers_only(get_response):
    def middleware(request):
        if "Mozilla" not in request.headers.get("user-agent", ""):
            return HttpResponse("No robots.", status=403)
        return get_response(request)

    return middleware


def crashing(get_response):
    def middleware(request):
        return HttpResponse(request.META["HTTP_X_COUNTRY"])

    return middleware


def changes_the_body(get_response):
    """A proxy or middleware that reads and re-writes JSON breaks every signature."""

    def middleware(request):
        request._stream = type(request._stream)(request._stream, 0)
        return get_response(request)

    return middleware
