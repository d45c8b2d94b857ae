"""The processes of a run, started and killed by their own handle, never by name."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["Child"]

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """`python -m …` in a process of its own, with its output in a file."""

    def __init__(self, name: str, log: Path, environment: dict[str, str], *command: str) -> None:
        self.name = name
        self.log = log
        self._command: Sequence[str] = [sys.executable, "-m", *command]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, so that whatever it starts dies with it.
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to it and all its own: none has time to put anything in order."""
        if self._process is not None:
            # What it has started itself can be there still when it has ended.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def kill_offspring(self) -> int:
        """SIGKILL to the processes it has started, under its eyes; how many."""
        if not self.is_running or self._process is None:
            return 0
        pid = self._process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for child in listed:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        return len(listed)

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        if self._process is None:
            return
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(8)
        self.kill()

    def tail(self, lines: int = 15) -> str:
        """The end of what it has printed."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"--- {self.name}\n" + "\n".join(text.splitlines()[-lines:])
