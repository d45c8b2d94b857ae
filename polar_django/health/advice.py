"""What an error of a delivery means, and whether it helps to process it again."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

__all__ = ["advice_on"]

_DATABASE = gettext_lazy(
    "The database was away, busy or full. See that it is well, then process these again."
)
_PROVIDER = gettext_lazy(
    "The provider did not answer when it was asked. When it does again, process these again."
)
_SETTINGS = gettext_lazy("Correct the setting that the sentence names, then process these again.")
# By the error's class, without its module: what is raised where has changed before.
_ADVICE: Mapping[str, object] = {
    "MalformedPayload": gettext_lazy(
        "The provider sent something that this version of the app cannot read. It will fail again "
        "until the app is updated; nothing else waits for it."
    ),
    "ForeignObject": gettext_lazy(
        "An object with this id belongs to another provider here. Find out which of the two is "
        "wrong, delete that row, then process these again."
    ),
    "WorkerKilled": gettext_lazy(
        "The worker was killed in the middle of the work, each time: most often it had too little "
        "memory. See its log, give it more, then process these again."
    ),
    "OperationalError": _DATABASE,
    "InterfaceError": _DATABASE,
    "DatabaseError": _DATABASE,
    "ProviderUnavailable": _PROVIDER,
    "RateLimited": _PROVIDER,
    "AuthenticationFailed": gettext_lazy(
        "The provider refuses the access token: polar_doctor says why. Then process these again."
    ),
    "ConfigurationError": _SETTINGS,
    "UnknownPlan": _SETTINGS,
}


def advice_on(error_type: str) -> str:
    """A sentence or two for whoever is on call. `error_type` is the class with its module."""
    found = _ADVICE.get(error_type.rpartition(".")[2])
    if found is not None:
        return str(found)
    return _(
        "An error in code, at the place that it names. Have it mended and deployed, then process "
        "these again."
    )
