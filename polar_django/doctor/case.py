"""What the examinations share: the provider, and what has been asked of it already."""

from dataclasses import dataclass
from functools import cached_property

from polar_django.conf import Settings, get_settings
from polar_django.doctor.findings import NotApplicable
from polar_django.exceptions import AuthenticationFailed, ConfigurationError
from polar_django.providers.base import Capability, Provider
from polar_django.providers.endpoints import WebhookEndpoint, WebhookEndpoints
from polar_django.providers.registry import get_provider
from polar_django.webhooks.endpoints import leading_here, webhook_address
from polar_django.webhooks.rehearsal import Key, find_believed_key

__all__ = ["Case"]


@dataclass(eq=False)
class Case:
    """One run of the doctor. `public_url` is what the operator gave, "" where nothing.

    What raises here, raises in every examination that asks for it.
    """

    wanted_provider: str = ""
    public_url: str = ""

    @cached_property
    def settings(self) -> Settings:
        return get_settings()

    @cached_property
    def provider(self) -> Provider:
        return get_provider(self.provider_name)

    @cached_property
    def provider_name(self) -> str:
        return self.wanted_provider or self.settings.default_provider

    @cached_property
    def public_address(self) -> str:
        """The whole address of the inbox that the operator gave, "" where none."""
        return webhook_address(self.public_url, self.provider_name) if self.public_url else ""

    @cached_property
    def endpoint_service(self) -> WebhookEndpoints:
        if Capability.WEBHOOK_ENDPOINTS not in self.provider.capabilities:
            raise NotApplicable(f"{self.provider_name} does not let its endpoints be looked at")
        try:
            return self.provider.webhook_endpoints()
        except ConfigurationError as error:
            # The examinations of the settings and of the token say it too, with what to do.
            raise NotApplicable(str(error)) from None

    @cached_property
    def endpoints(self) -> list[WebhookEndpoint]:
        """All of the account's. One call."""
        try:
            return self.endpoint_service.all()
        except AuthenticationFailed:
            # The examination of the scopes says it, with what to do.
            raise NotApplicable("the token may not look at webhook endpoints") from None

    @cached_property
    def ours(self) -> list[WebhookEndpoint]:
        """Those that lead here, enabled ones first."""
        return leading_here(self.endpoints, self.provider, self.public_address)

    @cached_property
    def address(self) -> str:
        """Where the provider delivers, or is to: the operator's address, else the registered
        one's; "" where neither is known."""
        if self.public_address:
            return self.public_address
        try:
            return self.ours[0].url if self.ours else ""
        except Exception:
            # Without an answer of the provider, what is ours can still be examined.
            return ""

    @cached_property
    def key(self) -> Key:
        """What a delivery may be signed with so that it is believed here."""
        key = find_believed_key(self.provider, self.settings.webhook_secrets)
        if key is None:
            raise NotApplicable("no secret is configured that could sign a delivery")
        return key
