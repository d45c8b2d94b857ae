"""The organization's settings."""

from tests.sandbox.api.test_refusals import MISSING, NOT_FOUND, refusal
from tests.sandbox_fixtures import SandboxInTests


def test_settings_of_the_organization_are_changed_whole_groups_at_a_time(
    bare_sandbox: SandboxInTests,
) -> None:
    api = bare_sandbox.api
    (organization,) = api.get("/v1/organizations/").json()["items"]
    path = f"/v1/organizations/{organization['id']}"
    settings = {**organization["subscription_settings"], "allow_multiple_subscriptions": True}
    changed = api.patch(path, json={"subscription_settings": settings})
    assert changed.status_code == 200
    assert changed.json()["subscription_settings"] == settings
    for wrong in ({"benefit_revocation_grace_period": 3}, {"proration_behavior": "reset"}):
        answer = api.patch(path, json={"subscription_settings": {**settings, **wrong}})
        assert refusal(answer, 422)["error"] == "RequestValidationError"
    partial = api.patch(path, json={"subscription_settings": {"prevent_trial_abuse": True}})
    assert refusal(partial, 422)["detail"][0]["type"] == "missing"
    assert refusal(api.patch(f"/v1/organizations/{MISSING}", json={}), 404) == NOT_FOUND
