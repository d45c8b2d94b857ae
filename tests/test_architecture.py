"""The house keeps its shape: floors, walls, and small rooms (docs/contributing.md)."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "polar_django"

# The longest prefix that fits a module says on which floor it stands.
FLOORS = {
    "polar_django": 0,
    "polar_django.conf": 0,
    "polar_django.exceptions": 0,
    "polar_django.signals": 0,
    "polar_django.snapshots": 0,
    "polar_django.signing": 0,
    "polar_django.schedules": 0,
    "polar_django.subscribers": 0,
    "polar_django.telemetry": 0,
    "polar_django.providers": 1,
    "polar_django.models": 1,
    "polar_django.migrations": 1,
    "polar_django.mirror": 2,
    "polar_django.heartbeats": 2,
    "polar_django.queues": 2,
    "polar_django.billing": 3,
    "polar_django.catalog": 3,
    "polar_django.outbox": 3,
    "polar_django.privacy": 4,
    "polar_django.health": 4,
    "polar_django.tasks": 3,
    "polar_django.usage": 3,
    "polar_django.webhooks": 3,
    "polar_django.entitlements": 4,
    "polar_django.gating": 4,
    "polar_django.backends": 4,
    "polar_django.decorators": 4,
    "polar_django.mixins": 4,
    "polar_django.context_processors": 4,
    "polar_django.drf.permissions": 4,
    "polar_django.webhooks.views": 5,
    "polar_django.views": 5,
    "polar_django.urls": 5,
    "polar_django.drf": 5,
    "polar_django.admin": 5,
    "polar_django.management": 5,
    "polar_django.checks": 5,
    "polar_django.doctor": 5,
    "polar_django.apps": 5,
    "polar_django.templatetags": 5,
    "polar_django.testing": 6,
}
SANDBOX = "polar_django.sandbox"
# The kit for projects' tests brings a Polar along.
MAY_USE_SANDBOX = {"polar_django.testing.sandbox"}
# Each import inside a function, and why it stands there.
LATE_IMPORTS: dict[str, str] = {
    "polar_django.billing.money:_writer": "Babel costs every start 15 ms, and only prices need it",
}
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "core", "misc"}
LONGEST = 400


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def modules() -> list[Module]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(Module(".".join(parts).removesuffix(".__init__"), path))
    return found


MODULES = modules()
NAMES = {module.name for module in MODULES}


def in_sandbox(name: str) -> bool:
    return name == SANDBOX or name.startswith(f"{SANDBOX}.")


def imports(module: Module) -> Iterator[str]:
    """The modules of ours that this one needs to be loaded; type checking does not count."""
    for node in top_level(module.tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and ours(node.module):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in NAMES else node.module


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is loaded, however deep; not those of functions."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from top_level(node.orelse)
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from top_level(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from top_level(handler.body)


def ours(name: str) -> bool:
    return name == "polar_django" or name.startswith("polar_django.")


def floor(name: str) -> int | None:
    while name:
        if name in FLOORS and (name != "polar_django"):
            return FLOORS[name]
        name = name.rpartition(".")[0]
    return None


@pytest.mark.parametrize(
    "module", [m for m in MODULES if not in_sandbox(m.name)], ids=lambda m: m.name
)
def test_imports_point_down(module):
    if module.name == "polar_django":
        assert not list(imports(module)), "the package itself loads nothing"
        return
    mine = floor(module.name)
    assert mine is not None, f"{module.name} stands on no floor: give it one in FLOORS"
    for name in imports(module):
        theirs = 0 if name == "polar_django" else floor(name)
        if in_sandbox(name):
            assert module.name in MAY_USE_SANDBOX, f"{module.name} reaches into the sandbox"
            continue
        assert theirs is not None
        assert theirs <= mine, f"{module.name} (floor {mine}) imports {name} (floor {theirs})"


def test_providers_and_models_do_not_know_each_other():
    wings = ("polar_django.providers", "polar_django.models")
    for module in MODULES:
        for mine, other in (wings, wings[::-1]):
            if module.name.startswith(mine):
                assert not [name for name in imports(module) if name.startswith(other)]


def test_nothing_above_names_a_providers_package():
    """Only the registry knows them, by dotted path."""
    packages = {
        name for name in NAMES if name.startswith("polar_django.providers.") and is_package(name)
    }
    assert "polar_django.providers.polar" in packages
    for module in MODULES:
        for package in packages:
            if not module.name.startswith(package):
                used = [name for name in imports(module) if name.startswith(package)]
                assert not used, f"{module.name} imports {used}"


def is_package(name: str) -> bool:
    return any(module.name == name and module.is_package for module in MODULES)


def test_the_sandbox_imports_nothing_of_the_app_but_signing():
    sandbox = [module for module in MODULES if in_sandbox(module.name)]
    assert len(sandbox) > 20
    for module in sandbox:
        for name in imports(module):
            assert in_sandbox(name) or name == "polar_django.signing", f"{module.name}: {name}"


def test_there_is_no_import_cycle():
    graph = {module.name: set(imports(module)) - {module.name} for module in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_imports_stand_at_the_top():
    late = set()
    for module in MODULES:
        for function in ast.walk(module.tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        late.add(f"{module.name}:{function.name}")
    assert late == set(LATE_IMPORTS)


def test_imports_are_absolute():
    for module in MODULES:
        for node in ast.walk(module.tree):
            assert not (isinstance(node, ast.ImportFrom) and node.level), module.name


@pytest.mark.parametrize("folder", ["polar_django", "tests", "example_project"])
def test_no_file_is_longer_than_can_be_read_in_one_sitting(folder):
    for path in (ROOT / folder).rglob("*.py"):
        if "migrations" not in path.parts:
            lines = len(path.read_text("utf-8").splitlines())
            assert lines <= LONGEST, f"{path.relative_to(ROOT)} has {lines} lines"


def test_every_module_is_named_after_what_is_in_it():
    for module in MODULES:
        assert module.name.rpartition(".")[2] not in NAMES_THAT_SAY_NOTHING
