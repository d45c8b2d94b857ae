"""A provider of a project's own, which takes deliveries and can do little else."""

from polar_django.exceptions import SignatureError
from tests.billing.fake_provider import FakeProvider


class PlainProvider(FakeProvider):
    capabilities = frozenset()

    def verify_webhook(self, headers, body):
        raise SignatureError("It is signed in another way.")
