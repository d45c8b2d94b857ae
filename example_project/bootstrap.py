"""From a bare Python to an environment with everything installed. Standard library only.

`enter(…)` returns at once inside that environment. Outside, it makes `.venv` beside this package,
installs the project into it, and starts the same command again in there.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two starts at the same moment are the user's own affair there
    fcntl = None  # type: ignore[assignment]

__all__ = ["CannotStart", "enter"]

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
# Set for the command that is started again, so that it is never started a third time.
ENTERED = "POLAR_DJANGO_ENTERED"
# For those who have installed everything themselves.
AS_IT_IS = "POLAR_DJANGO_NO_VENV"


class CannotStart(Exception):
    """Something is missing on this machine; the message says what to do."""


def enter(module: str, *extras: str, optional: Sequence[str] = ()) -> None:
    """Be in an environment that has the extras, or start `python -m module` again in one.

    `optional` extras may fail to install, where their wheels do not exist for this machine; that is
    said, and the rest goes on. Exits with a plain word where nothing can be done.
    """
    if os.environ.get(AS_IT_IS) or os.environ.get(ENTERED):
        return
    try:
        python = prepare(ENVIRONMENT, extras, optional)
    except CannotStart as reason:
        sys.exit(f"{reason}")
    command = [str(python), "-m", module, *sys.argv[1:]]
    environment = {**os.environ, ENTERED: "1", "VIRTUAL_ENV": str(ENVIRONMENT)}
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(command[0], command, environment)


def prepare(where: Path, extras: Sequence[str], optional: Sequence[str] = ()) -> Path:
    """Make or renew the environment; the path of its Python. Does nothing where it is current."""
    python = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with _one_at_a_time(where):
        wanted = {*extras, *optional}
        stamp = where / "polar-django.json"
        installed = _installed(stamp) if python.exists() else set()
        if wanted <= installed:
            return python
        if not _runs_this_version(python):
            _create(where)
        missing = _install(python, extras, optional)
        # What could not be had is not tried again until something changes.
        stamp.write_text(json.dumps({**_fingerprint(), "extras": sorted(wanted | installed)}))
        for name in missing:
            print(f"NOT INSTALLED: the extra {name!r} has no packages for this machine.")
    return python


def _fingerprint() -> dict[str, str]:
    project = (ROOT / "pyproject.toml").read_bytes()
    return {"python": _kind_of_python(), "project": hashlib.sha256(project).hexdigest()}


def _kind_of_python() -> str:
    # 3.11.2 and 3.11.7 share an environment: two of them on one machine must not take turns in
    # throwing it away.
    return str(sys.implementation.cache_tag)


def _installed(stamp: Path) -> set[str]:
    """The extras installed by this Python for this very project; none where either has changed."""
    try:
        known = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return set()
    same = all(known.get(name) == value for name, value in _fingerprint().items())
    return set(known.get("extras", ())) if same else set()


def _runs_this_version(python: Path) -> bool:
    if not python.exists():
        return False
    asked = subprocess.run(
        [python, "-c", "import sys, pip; print(sys.implementation.cache_tag)"],
        capture_output=True,
        text=True,
    )
    return asked.returncode == 0 and asked.stdout.strip() == _kind_of_python()


def _create(where: Path) -> None:
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise CannotStart(
            "Python has no venv module here, so no environment can be made.\n"
            "Install it and start again. On Debian and Ubuntu: apt-get install python3-venv"
        )
    print(f"Making {where.name} …", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(where)], capture_output=True, text=True
    )
    if made.returncode:
        raise CannotStart(f"No environment could be made:\n{made.stdout}{made.stderr}")


def _install(python: Path, extras: Sequence[str], optional: Sequence[str]) -> Sequence[str]:
    """Install the project; the optional extras that could not be had."""
    print("Installing what is needed …", flush=True)
    failed = _pip(python, [*extras, *optional])
    if failed and optional:
        complaint, failed = failed, _pip(python, extras)
        if not failed:
            print(complaint)
            return optional
    if failed:
        raise CannotStart(
            f"{failed}\nThe packages above could not be installed. Is a package index reachable? "
            f"Once they are installed, no network is needed. Installed already, in the "
            f"Python you use now? Then set {AS_IT_IS}=1."
        )
    return ()


def _pip(python: Path, extras: Sequence[str]) -> str:
    """What pip complained of, "" where all went well."""
    target = f"{ROOT}[{','.join(sorted(extras))}]" if extras else str(ROOT)
    command = [python, "-m", "pip", "install", "--quiet", "--editable", target]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return (ran.stderr or ran.stdout).strip() or "pip failed." if ran.returncode else ""


@contextlib.contextmanager
def _one_at_a_time(where: Path) -> Iterator[None]:
    """Two commands started together must not install into each other's feet."""
    if fcntl is None:
        yield
        return
    with where.with_name(f"{where.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
