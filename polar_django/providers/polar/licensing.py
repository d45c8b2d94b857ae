"""Polar's license keys, with the organization's token (`/v1/license-keys/…`).

Validating and its like name the organization in the body, even where the token has only one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from polar_django.exceptions import ConfigurationError, MalformedPayload, ProviderUnavailable
from polar_django.providers.licensing import KeyValue, LicenseActivation, LicenseKeys
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.reading import Json, mapping, moment, objects, required_id, text
from polar_django.providers.transport import Reply
from polar_django.snapshots import Answer

__all__ = ["PolarLicensing"]


class PolarLicenseKeys(LicenseKeys):
    """`organization_id` is asked for when it is first needed."""

    def __init__(self, calls: PolarCalls, organization_id: Callable[[], str]) -> None:
        self._calls = calls
        self._organization_id = organization_id

    def read(self, key_id: str) -> Answer:
        return self._calls.get_object("license_keys", key_id)

    def validate(
        self,
        key: str,
        *,
        customer_id: str = "",
        benefit_id: str = "",
        activation_id: str = "",
        conditions: Mapping[str, KeyValue] | None = None,
        increment_usage: int = 0,
    ) -> tuple[Answer, LicenseActivation | None]:
        reply = self._ask(
            "validate",
            key,
            customer_id=customer_id,
            benefit_id=benefit_id,
            activation_id=activation_id,
            conditions=dict(conditions or {}),
            increment_usage=increment_usage,
        )
        data = object_in(reply)
        activation = data.get("activation")
        return (
            self._answer(reply, data),
            _activation(activation) if isinstance(activation, dict) else None,
        )

    def activate(
        self,
        key: str,
        label: str,
        *,
        conditions: Mapping[str, KeyValue] | None = None,
        meta: Mapping[str, KeyValue] | None = None,
    ) -> tuple[Answer, LicenseActivation]:
        reply = self._ask(
            "activate", key, label=label, conditions=dict(conditions or {}), meta=dict(meta or {})
        )
        data = object_in(reply)
        return self._answer(reply, mapping(data.get("license_key"))), _activation(data)

    def deactivate(self, key: str, activation_id: str) -> None:
        self._ask("deactivate", key, activation_id=activation_id)

    def rotate(self, key_id: str) -> Answer:
        reply = self._calls.client.rotate_license_key(key_id)
        return self._answer(reply, object_in(reply))

    def _ask(self, what: str, key: str, **given: Any) -> Reply:
        body = {name: value for name, value in given.items() if value}
        return self._calls.client.ask_of_license_key(
            what, {"key": key, "organization_id": self._organization_id(), **body}
        )

    def _answer(self, reply: Reply, data: Json) -> Answer:
        return self._calls.read_reply("license_keys", reply, [data])


class PolarLicensing(PolarCalls):
    """The way to them."""

    _found_organization = ""

    def license_keys(self) -> LicenseKeys:
        return PolarLicenseKeys(self, self._organization)

    def _organization(self) -> str:
        """The one of the settings, else the token's own, asked for once."""
        if self._settings.organization_id:
            return self._settings.organization_id
        if not self._found_organization:
            found = list(objects(object_in(self.client.organizations()).get("items")))
            if len(found) != 1:
                raise ConfigurationError(
                    f"This token sees {len(found)} organizations: name the one whose license keys "
                    "are meant in POLAR_DJANGO['ORGANIZATION_ID']."
                )
            self._found_organization = required_id(found[0])
        return self._found_organization


def _activation(data: Json) -> LicenseActivation:
    try:
        return LicenseActivation(
            id=required_id(data),
            license_key_id=text(data.get("license_key_id")),
            label=text(data.get("label"), 100_000),
            meta=mapping(data.get("meta")),
            created_at=moment(data.get("created_at")),
        )
    except MalformedPayload as error:
        raise ProviderUnavailable("An activation of a license key has no id.") from error
