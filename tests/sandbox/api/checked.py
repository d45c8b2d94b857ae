"""An API client that validates every success against the schema that Polar publishes."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

OPENAPI = Path(__file__).resolve().parents[4] / "shared" / "spec" / "openapi" / "polar-2026-10.json"


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return found


def schema_for(method: str, path: str, status: int) -> dict[str, Any]:
    """The schema of that answer. AssertionError where Polar documents none."""
    # Literal parts before parameters: `/customers/external/…` is no customer of id "external".
    for template in sorted(document()["paths"], key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            operation = document()["paths"][template].get(method.lower())
            if operation and str(status) in operation["responses"]:
                content = operation["responses"][str(status)].get("content", {})
                found: dict[str, Any] = content.get("application/json", {}).get("schema", {})
                return found
    raise AssertionError(f"{method} {path} {status} is not in Polar's schema")


class Checked:
    """An API client that validates whatever it gets, and counts."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        self.seen: set[str] = set()

    def __call__(self, method: str, path: str, **body: Any) -> Any:
        answer = self.api.request(method, path, json=body or None)
        assert answer.is_success, answer.text
        schema = schema_for(method, path.partition("?")[0], answer.status_code)
        self.seen.add(f"{method} {path}")
        if not answer.content:
            return None
        data = answer.json()
        validator = Draft202012Validator({**schema, "components": document()["components"]})
        errors = [
            f"{method} {path} {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in validator.iter_errors(data)
            # Younger than the document, and in the official client of today.
            if error.instance != "subscription.migrated"
        ]
        assert not errors, "\n".join(errors)
        return data
