"""What operators ask of Polar: its webhook endpoints, its catalogue, and why it refuses."""

from polar_django.providers.catalog import CatalogEditor
from polar_django.providers.diagnosis import Diagnosis
from polar_django.providers.endpoints import WebhookEndpoints
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.catalog_editor import PolarCatalogEditor
from polar_django.providers.polar.diagnosis import PolarDiagnosis
from polar_django.providers.polar.endpoints import PolarEndpoints

__all__ = ["PolarOperations"]


class PolarOperations(PolarCalls):
    """No call here; each raises ConfigurationError where the settings do not suffice."""

    def webhook_endpoints(self) -> WebhookEndpoints:
        settings = self._settings
        return PolarEndpoints(self.client.transport, settings.api_version, settings.organization_id)

    def diagnosis(self) -> Diagnosis:
        return PolarDiagnosis(self._settings, self.client.transport)

    def catalog_editor(self) -> CatalogEditor:
        return PolarCatalogEditor(self.client, self._answer, self._settings.organization_id)
