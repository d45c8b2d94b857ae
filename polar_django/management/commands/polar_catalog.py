"""The catalogue as a file: `polar_catalog diff|apply|export FILE`."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from polar_django.catalog import (
    Change,
    FieldChange,
    apply_catalog,
    export_catalog,
    plan_changes,
    read_catalog,
    write_catalog,
    write_keys,
)
from polar_django.conf import get_settings
from polar_django.exceptions import PolarDjangoError
from polar_django.providers.catalog import CatalogEditor
from polar_django.providers.registry import get_provider

_SIGNS = {"create": "+", "update": "~", "archive": "-", "conflict": "!"}
_COUNTED = {
    "create": "to make",
    "update": "to change",
    "archive": "to archive",
    "conflict": "that cannot be changed",
}
_LONGEST = 70


class Command(BaseCommand):
    help = (
        "Compares a catalogue file with the provider, brings the provider up to it, or writes the "
        "file from what stands there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        diff = actions.add_parser("diff", help="what apply would do; exit 1 if anything")
        apply = actions.add_parser("apply", help="make the provider sell what the file says")
        export = actions.add_parser("export", help="write the file")
        for action in (diff, apply, export):
            action.add_argument("file", type=Path)
            action.add_argument("--provider", help="its name; by default DEFAULT_PROVIDER")
            action.add_argument("--json", action="store_true", dest="as_json")
        for action in (diff, apply):
            action.add_argument(
                "--prune",
                action="store_true",
                help="archive products and meters that have a key and are not in the file",
            )
        apply.add_argument("--yes", action="store_true", help="do not ask")
        export.add_argument(
            "--write-keys",
            action="store_true",
            help="give the provider's objects the keys that the file gives them",
        )
        export.add_argument("--force", action="store_true", help="replace a file that exists")

    def handle(self, *args: Any, **options: Any) -> None:
        action = {"diff": self._diff, "apply": self._apply, "export": self._export}
        try:
            editor = get_provider(options["provider"]).catalog_editor()
            action[options["action"]](editor, options)
        except PolarDjangoError as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _diff(self, editor: CatalogEditor, options: dict[str, Any]) -> None:
        changes = plan_changes(editor, read_catalog(options["file"]), prune=options["prune"])
        self._tell(changes, as_json=options["as_json"])
        if changes:
            sys.exit(1)

    def _apply(self, editor: CatalogEditor, options: dict[str, Any]) -> None:
        catalog = read_catalog(options["file"])
        changes = plan_changes(editor, catalog, prune=options["prune"])
        if options["as_json"]:
            if changes and not options["yes"]:
                raise CommandError("Add --yes: nobody is asked with --json.")
            done = list(apply_catalog(editor, catalog, prune=options["prune"]))
            self._tell(done, as_json=True)
            return
        self._tell(changes)
        if not changes or not (options["yes"] or self._is_agreed(changes)):
            return
        for change in apply_catalog(editor, catalog, prune=options["prune"]):
            self.stdout.write(f"done: {change.kind}.{change.key}")

    def _export(self, editor: CatalogEditor, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        if file.exists() and not options["force"]:
            raise CommandError(f"{file} exists. Add --force to replace it.")
        export = export_catalog(editor)
        write_catalog(file, export.catalog)
        written = list(write_keys(editor, export)) if options["write_keys"] else []
        missing = [] if written else [f"{kind}.{key}" for (kind, _), key in export.proposed.items()]
        counts = {kind: len(tables) for kind, tables in export.catalog.items()}
        if options["as_json"]:
            told = {"counts": counts, "without_key": missing, "left_out": export.left_out}
            self.stdout.write(json.dumps(told, indent=2))
            return
        self.stdout.write(f"{file}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
        for reason in export.left_out:
            self.stdout.write(self.style.WARNING(f"Left out. {reason}"))
        if missing:
            self.stdout.write(
                self.style.WARNING(
                    f"The provider does not know these keys yet: {', '.join(missing)}. With "
                    "--write-keys it is told; without, an apply would make them once more."
                )
            )

    def _is_agreed(self, changes: Iterable[Change]) -> bool:
        if any(change.action == "conflict" for change in changes):
            return True  # nothing will be done, and it says why
        if not sys.stdin.isatty():
            raise CommandError("Add --yes: there is nobody to ask.")
        server = get_settings().server
        answer = input(f"Do this at the provider (server: {server})? [y/N] ")
        return answer.strip().lower() in {"y", "yes"}

    def _tell(self, changes: list[Change], *, as_json: bool = False) -> None:
        if as_json:
            self.stdout.write(json.dumps([_as_json(change) for change in changes], indent=2))
            return
        styles = {
            "create": self.style.SUCCESS,
            "update": self.style.WARNING,
            "archive": self.style.ERROR,
            "conflict": self.style.ERROR,
        }
        for change in changes:
            line = f"{_SIGNS[change.action]} {change.kind}.{change.key}"
            self.stdout.write(styles[change.action](line))
            for field in change.fields:
                self.stdout.write(f"    {_difference(change, field)}")
        counts = [
            f"{count} {words}"
            for action, words in _COUNTED.items()
            if (count := sum(change.action == action for change in changes))
        ]
        self.stdout.write(", ".join(counts) or "Nothing differs.")


def _difference(change: Change, field: FieldChange) -> str:
    if change.action == "create":
        return f"{field.name}: {_shown(field.after)}"
    if field.name == "prices":
        new = [price for price in field.after if "id" not in price]
        kept = len(field.after) - len(new)
        return f"prices: {kept} kept, {len(field.before) - kept} archived, new: {_shown(new)}"
    return f"{field.name}: {_shown(field.before)} → {_shown(field.after)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _as_json(change: Change) -> dict[str, Any]:
    told = {
        "kind": change.kind,
        "key": change.key,
        "action": change.action,
        "id": change.object_id,
        "fields": [asdict(field) for field in change.fields],
    }
    loaded: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return loaded
