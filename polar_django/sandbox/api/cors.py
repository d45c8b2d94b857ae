"""Which other sites' pages may call the API from a browser.

Polar lets every site call every route, because each token is a secret. Here the access token is
printed in the documentation: only the routes that need a secret of one buyer are open to other
sites, or any page that a developer visits could read and steer their sandbox.
"""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

__all__ = ["allow_other_sites", "answer_preflight"]

OPEN = ("checkouts/client/", "customer-portal/")
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
HEADERS = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Language",
    "Content-Type",
    "Polar-Version",
)


def answer_preflight(request: HttpRequest, rest: str) -> HttpResponse | None:
    """The answer to a browser that asks before it sends; None for every other request."""
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or asked is None or not rest.startswith(OPEN):
        return None
    wanted = request.headers.get("Access-Control-Request-Headers", "")
    known = {name.lower() for name in HEADERS}
    names = {name.strip().lower() for name in wanted.split(",") if name.strip()}
    fits = names <= known
    text = "OK" if fits else "Disallowed CORS headers"
    answer = HttpResponse(text, status=200 if fits else 400, content_type="text/plain")
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Allow-Methods"] = METHODS
    answer["Access-Control-Allow-Headers"] = ", ".join(HEADERS)
    answer["Access-Control-Max-Age"] = "600"
    return answer


def allow_other_sites(request: HttpRequest, rest: str, answer: HttpResponseBase) -> None:
    """Lets the page that asked read the answer, where the route is an open one."""
    if "Origin" in request.headers and rest.startswith(OPEN):
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Expose-Headers"] = "Polar-Version"
