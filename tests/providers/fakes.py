"""A server that answers from a list, and a clock of waits that does not wait."""

import json

import httpx

from polar_django.providers.retries import Retries
from polar_django.providers.transport import Transport, mounted

DATE = "Sat, 21 Nov 2026 08:00:00 GMT"
BASE = "https://api.example.com"


def answer(status=200, data=None, *, content=None, headers=None):
    """One answer; JSON unless `content` says otherwise."""
    body = content if content is not None else json.dumps(data if data is not None else {}).encode()
    return httpx.Response(status, content=body, headers={"Date": DATE, **(headers or {})})


class Server:
    """Gives one answer after the other, the last one for ever; an exception is raised instead.

    `requests` are what came; mount it with `with server:`.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self._mounting = mounted(httpx.MockTransport(self._answer))

    def _answer(self, request):
        self.requests.append(request)
        following = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(following, Exception):
            raise following
        if callable(following):
            return following(request)
        return following

    def __enter__(self):
        self._mounting.__enter__()
        return self

    def __exit__(self, *error):
        self._mounting.__exit__(*error)

    @property
    def bodies(self):
        return [json.loads(request.content) for request in self.requests]


class Waits(list):
    """Takes the waits of `retries` down instead of sleeping."""

    def retries(self, **options):
        return Retries(sleep=self.append, random=lambda: 1.0, **options)


def transport(waits=None, **options):
    retries = (waits if waits is not None else Waits()).retries()
    headers = {"Authorization": "Bearer polar_oat_hidden"}
    return Transport(options.pop("base_url", BASE), headers, retries=retries, **options)
