"""License keys: whose there are, whether one is good, and where it is in use.

The mirror knows a key by its last characters; the key itself is asked for when it is shown
(`reveal_license_key`), and never stored or logged. Each verb writes what it was answered to the
mirror before it returns. All raise ProviderError, and NotSupported where the provider has no keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.billing.answers import write_answer
from polar_django.billing.customers import look_up_customers
from polar_django.conf import get_settings
from polar_django.exceptions import ForeignObject, InvalidRequest, ObjectNotFound
from polar_django.mirror.answers import stored_keys
from polar_django.models import Benefit, Customer, LicenseKey
from polar_django.models.databases import on_primary, primary
from polar_django.providers.licensing import KeyValue, LicenseActivation, LicenseKeys
from polar_django.providers.registry import get_provider
from polar_django.snapshots import Answer, LicenseKeySnapshot

__all__ = [
    "LicenseCheck",
    "activate_license_key",
    "deactivate_license_key",
    "list_license_keys",
    "reveal_license_key",
    "rotate_license_key",
    "validate_license_key",
]

Values = Mapping[str, KeyValue]


@dataclass(frozen=True, slots=True)
class LicenseCheck:
    """A key that is good; `activation` is the place that was asked about, None without one."""

    license_key: LicenseKey
    activation: LicenseActivation | None


def list_license_keys(subscriber: Any, *, user: Any = None) -> list[LicenseKey]:
    """The subscriber's keys, newest first, revoked ones too; with `user` those of that member of a
    team alone. Their benefits come along. One query, no call."""
    rows = LicenseKey.objects.filter(customer__subscriber=subscriber)
    if user is not None:
        rows = rows.filter(member__user=user)
    return list(rows.select_related("benefit").order_by("-created_at", "pk"))


def reveal_license_key(license_key: LicenseKey, *, subscriber: Any = None) -> str:
    """The key itself, to be shown to its holder. One call; one query more with a subscriber.

    Raises ForeignObject where the key is not that subscriber's, ObjectNotFound.
    """
    _check_owner(license_key, subscriber)
    sent = stored_keys(license_key)
    answer = _keys(license_key.provider).read(license_key.pk)
    return _whole_key(_written(answer, sent, license_key))


def validate_license_key(
    key: str,
    *,
    subscriber: Any = None,
    benefit: Benefit | str = "",
    activation_id: str = "",
    conditions: Values | None = None,
    increment_usage: int = 0,
    provider: str | None = None,
) -> LicenseCheck:
    """Whether a key is good: granted, not expired, and of that subscriber, benefit (a row, key or
    id), activation and its conditions, as far as they are given.

    Each time is counted, and `increment_usage` is added to its usage. One call, up to one for each
    customer of a subscriber who has several; up to two queries more with a subscriber or a
    benefit's key. Raises ObjectNotFound for whatever is wrong with the key, so that a stranger
    learns nothing; ActionRefused for more usage than is left.
    """
    service = get_provider(provider)
    benefit_id = _benefit_id(benefit, service.name)
    *others, last = _customer_ids(subscriber, service.name)

    def check(customer_id: str) -> LicenseCheck:
        answer, activation = _keys(service.name).validate(
            key,
            customer_id=customer_id,
            benefit_id=benefit_id,
            activation_id=activation_id,
            conditions=conditions,
            increment_usage=increment_usage,
        )
        write_answer(answer)
        return LicenseCheck(_row(answer), activation)

    for customer_id in others:
        try:
            return check(customer_id)
        except ObjectNotFound:
            continue  # nothing was counted
    return check(last)


def activate_license_key(
    key: str,
    label: str,
    *,
    subscriber: Any = None,
    conditions: Values | None = None,
    meta: Values | None = None,
    provider: str | None = None,
) -> LicenseActivation:
    """Take one of a key's places, for a machine or an installation called `label`.

    Every call takes a place, and after ProviderUnavailable one may be taken: keep the `id` of the
    activation, and ask with it (`validate_license_key`). `conditions` must then be the same. One
    call; with a subscriber the key is validated first, which is one more. Raises ObjectNotFound for
    a key that nobody has, or not that subscriber; ActionRefused where no place is left, the key is
    not good any more, or its benefit has no places at all.
    """
    service = get_provider(provider)
    if subscriber is not None:
        validate_license_key(key, subscriber=subscriber, provider=provider)
    answer, activation = _keys(service.name).activate(key, label, conditions=conditions, meta=meta)
    write_answer(answer)
    return activation


def deactivate_license_key(key: str, activation_id: str, *, provider: str | None = None) -> bool:
    """Free a place; whether it was taken. Called twice it returns quietly. Works with a key that is
    not good any more. One call."""
    try:
        _keys(get_provider(provider).name).deactivate(key, activation_id)
    except ObjectNotFound as error:
        if not error.code:  # the route is unknown, not the activation
            raise
        return False
    return True


def rotate_license_key(license_key: LicenseKey, *, subscriber: Any = None) -> str:
    """A new key instead of this one, which is void at once; the new one is returned.

    Usage and activations stay. Called twice it is rotated twice. One call. Raises ForeignObject
    where the key is not that subscriber's, ActionRefused for one that is revoked.
    """
    _check_owner(license_key, subscriber)
    sent = stored_keys(license_key)
    answer = _keys(license_key.provider).rotate(license_key.pk)
    return _whole_key(_written(answer, sent, license_key))


def _keys(provider: str) -> LicenseKeys:
    return get_provider(provider).license_keys()


def _check_owner(license_key: LicenseKey, subscriber: Any) -> None:
    if subscriber is None:
        return
    owner = Customer.objects.filter(pk=license_key.customer_id, subscriber=subscriber)
    if not owner.exists():
        raise ForeignObject("This license key is not the subscriber's.")


def _customer_ids(subscriber: Any, provider: str) -> list[str]:
    """Those whose key it may be; "" is anybody."""
    if subscriber is None:
        return [""]
    customers = look_up_customers(subscriber, provider)
    if not customers:
        raise ObjectNotFound("This subscriber is not a customer, and has no license key.")
    return [str(customer.pk) for customer in customers]


def _benefit_id(benefit: Benefit | str, provider: str) -> str:
    if isinstance(benefit, Benefit):
        return str(benefit.pk)
    if not benefit or benefit in get_settings().benefits:
        return get_settings().benefits.get(benefit, "")
    keyed = Benefit.objects.filter(provider=provider, key=benefit, is_deleted=False)
    found = list(keyed.values_list("pk", flat=True)[:2])
    if len(found) > 1:
        raise InvalidRequest(
            "Several benefits have this key: name the one that is meant by its id.",
            code="ambiguous_benefit",
        )
    return found[0] if found else benefit


def _written(answer: Answer, sent: Any, license_key: LicenseKey) -> LicenseKeySnapshot:
    write_answer(answer, sent=sent)
    license_key.refresh_from_db(using=primary())
    first = answer.first
    assert isinstance(first, LicenseKeySnapshot)
    return first


def _whole_key(seen: LicenseKeySnapshot) -> str:
    if not seen.key:
        raise ObjectNotFound("The provider does not show this key.")
    return seen.key


def _row(answer: Answer) -> LicenseKey:
    row: LicenseKey = on_primary(LicenseKey).get(pk=answer.first.id)
    return row
