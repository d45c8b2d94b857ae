import ast
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from example_project import bootstrap

ROOT = Path(__file__).resolve().parents[2]

# A project that needs nothing, and a build backend of its own: installed without any network.
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "skeleton"
version = "1"
optional-dependencies = { shop = [] }
"""
BACKEND = """
import zipfile
from pathlib import Path

NAME = "skeleton-1-py3-none-any.whl"
FILES = {
    "skeleton_was_installed.py": "",
    "skeleton-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: skeleton\\nVersion: 1\\n"
    "Provides-Extra: shop\\n",
    "skeleton-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
    "Tag: py3-none-any\\n",
}

def build_editable(directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(Path(directory) / NAME, "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
        record = "".join(f"{name},,\\n" for name in FILES)
        wheel.writestr("skeleton-1.dist-info/RECORD", record)
    return NAME

def get_requires_for_build_editable(config_settings=None):
    return []
"""
MAIN = """
import sys
from example_project import bootstrap
bootstrap.enter("example_project", "shop")
import skeleton_was_installed
print("RUNS IN", sys.prefix, sys.argv[1:])
"""


class Installer:
    """Stands in for venv and pip. `refused` extras have no packages on this machine."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.made = 0
        self.asked: list[list[str]] = []
        self.refused: set[str] = set()

    def create(self, where: Path) -> None:
        self.made += 1
        (where / "bin").mkdir(parents=True)
        (where / "bin" / "python").symlink_to(sys.executable)

    def pip(self, python: Path, extras: list[str]) -> str:
        self.asked.append(sorted(extras))
        return "ERROR: No matching distribution" if self.refused & set(extras) else ""


@pytest.fixture
def installer(tmp_path, monkeypatch):
    fake = Installer(tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "_create", fake.create)
    monkeypatch.setattr(bootstrap, "_pip", fake.pip)
    return fake


def test_the_environment_is_made_once_and_then_used(installer):
    first = bootstrap.prepare(installer.where, ["shop"])
    assert bootstrap.prepare(installer.where, ["shop"]) == first
    assert (installer.made, installer.asked) == (1, [["shop"]])


def test_a_further_extra_is_added_to_the_environment_that_stands(installer):
    bootstrap.prepare(installer.where, ["shop"])
    bootstrap.prepare(installer.where, ["test"])
    bootstrap.prepare(installer.where, ["shop", "test"])
    assert (installer.made, installer.asked) == (1, [["shop"], ["test"]])


def test_a_changed_project_is_installed_again(installer, tmp_path, monkeypatch):
    bootstrap.prepare(installer.where, ["shop"])
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    bootstrap.prepare(installer.where, ["shop"])
    assert (installer.made, installer.asked) == (1, [["shop"], ["shop"]])


def test_another_kind_of_python_gets_a_new_environment(installer, monkeypatch):
    bootstrap.prepare(installer.where, ["shop"])
    shutil.rmtree(installer.where / "bin")
    monkeypatch.setattr(bootstrap, "_kind_of_python", lambda: "cpython-399")
    bootstrap.prepare(installer.where, ["shop"])
    assert installer.made == 2


def test_what_has_no_packages_here_is_left_out_said_and_not_tried_again(installer, capsys):
    installer.refused = {"full"}
    bootstrap.prepare(installer.where, ["test"], ["full"])
    said = capsys.readouterr().out
    assert "No matching distribution" in said
    assert "NOT INSTALLED: the extra 'full'" in said
    bootstrap.prepare(installer.where, ["test"], ["full"])
    assert installer.asked == [["full", "test"], ["test"]]


def test_packages_that_cannot_be_installed_are_named_and_nothing_counts_as_done(installer):
    installer.refused = {"shop"}
    with pytest.raises(bootstrap.CannotStart, match=r"No matching(?s:.)*package index"):
        bootstrap.prepare(installer.where, ["shop"])
    installer.refused = set()
    bootstrap.prepare(installer.where, ["shop"])
    assert installer.asked == [["shop"], ["shop"]]


def test_two_starts_at_once_install_once(installer):
    starts = [
        threading.Thread(target=bootstrap.prepare, args=(installer.where, ["shop"]))
        for _ in range(4)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join(120)
    assert (installer.made, installer.asked) == (1, [["shop"]])


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_without_venv_it_says_what_to_install(missing, tmp_path, monkeypatch):
    find_spec = bootstrap.importlib.util.find_spec
    monkeypatch.setattr(
        bootstrap.importlib.util,
        "find_spec",
        lambda name: None if name == missing else find_spec(name),
    )
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    for name in (bootstrap.ENTERED, bootstrap.AS_IT_IS):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as stopped:
        bootstrap.enter("example_project", "shop")
    assert "apt-get install python3-venv" in str(stopped.value.code)
    assert not (tmp_path / ".venv").exists()


def test_an_older_python_is_told_which_one_is_needed():
    program = "import sys; sys.version_info = (3, 8, 0, 'final', 0); import example_project"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.strip() == "This needs Python 3.11 or later; this is 3.8."


@pytest.mark.parametrize("name", ["example_project/__init__.py", "tests/__init__.py"])
def test_an_older_python_can_read_what_turns_it_away(name):
    ast.parse((ROOT / name).read_text(), feature_version=(3, 4))


def test_on_a_machine_with_only_python_two_commands_at_once_both_run(tmp_path):
    package = tmp_path / "example_project"
    package.mkdir()
    for name in ("__init__.py", "bootstrap.py"):
        shutil.copy(ROOT / "example_project" / name, package)
    (package / "__main__.py").write_text(MAIN)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "backend.py").write_text(BACKEND)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("POLAR_")}
    command = [sys.executable, "-m", "example_project", "--port", "8001"]
    started = [
        subprocess.Popen(command, cwd=tmp_path, env=bare, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=600)[0] for process in started]
    for text in said:
        assert f"RUNS IN {tmp_path / '.venv'} ['--port', '8001']" in text
    assert "".join(said).count("Making .venv") == 1
