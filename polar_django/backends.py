"""Benefits as permissions: `user.has_perm("polar.benefit_pro")`.

For admin, `permission_required`, `{% if perms.polar.benefit_pro %}` and whatever else asks Django.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import BaseBackend

from polar_django.entitlements import EntitlementSet, entitlements_for

__all__ = ["BenefitBackend"]

_APP = "polar"
_PREFIX = f"{_APP}.benefit_"


class BenefitBackend(BaseBackend):
    """Grants `polar.benefit_<key>` to who holds that benefit now. Signs nobody in.

    Add it to `AUTHENTICATION_BACKENDS` beside Django's own. Django asks no backend about an active
    superuser, who therefore holds every benefit here; gates ask the grants. Inactive users hold
    none. A permission knows no request, so that where teams subscribe it tells of the user's seats
    only. A permission on an object is never given. One query, shared with every other gate.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if obj is not None or not perm.startswith(_PREFIX):
            return False
        return perm.removeprefix(_PREFIX) in _held_by(user_obj)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set() if obj is not None else {f"{_PREFIX}{key}" for key in _held_by(user_obj)}

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """For `{% if perms.polar %}`: whether the user holds anything."""
        return app_label == _APP and bool(_held_by(user_obj))

    async def ahas_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return await sync_to_async(self.has_perm)(user_obj, perm, obj)

    async def aget_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return await sync_to_async(self.get_all_permissions)(user_obj, obj)

    async def ahas_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return await sync_to_async(self.has_module_perms)(user_obj, app_label)


def _held_by(user: Any) -> EntitlementSet:
    if user.is_anonymous:
        return entitlements_for(None)
    return entitlements_for(user) if user.is_active else EntitlementSet()
