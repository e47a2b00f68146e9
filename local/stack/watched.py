"""A stand-in as the supervisor has it: running, known to the functions, and started again when it dies."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from local.stack import emulators
from local.stack.errors import StackError
from local.stack.parts import Part
from local.stack.standins import StandIn
from local.stack.state import Folder, PartHealth, StackInfo

RESTARTS_IN_A_ROW = 5
SETTLED_AFTER_S = 60.0
_HOSTS = "LEADGEN_LOCAL_HOSTS"


class WatchedStandIn:
    """One stand-in and how often it had to be started.

    Args:
        server: what it is.
        part: its process.
        port: where it listens, always.
        folder: the stack's folder.
    """

    def __init__(self, server: StandIn, part: Part, port: int, folder: Folder) -> None:
        self.server = server
        self.part = part
        self._port = port
        self._folder = folder
        self._started = 0.0
        self._restarts = 0
        self._in_a_row = 0
        self._detail = ""

    def start(self) -> None:
        """Start it; it is ready when it has written its ready file.

        Raises:
            StackError: there is no such stand-in.
        """
        command = self.server.command(self._port, self._folder)
        self.server.ready_file(self._folder).unlink(missing_ok=True)
        self._folder.standin_data(self.server.name).mkdir(parents=True, exist_ok=True)
        self._started = time.monotonic()
        self.part.start(command, emulators.scrubbed_environment() | dict(self.server.environment))

    def ready(self) -> dict[str, Any] | None:
        """What it said when it was ready; None while it is not."""
        ready = self.server.read_ready(self._folder)
        return ready if self.part.is_alive() else None

    def has_started_or_ended(self) -> bool:
        """Whether there is no point in waiting any longer."""
        return self.ready() is not None or not self.part.is_alive()

    def note(self, info: StackInfo) -> None:
        """Enter its addresses, and what the functions must know of it, into `info`.

        Raises:
            StackError: it has ended.
        """
        ready, name = self.ready(), self.server.name
        if ready is None:
            raise StackError(f"the stand-in {name} ended at its start:\n{self.part.tail()}")
        info.standins[name] = ready
        if self.server.describe is not None:
            _join(info.variables, self.server.describe(ready, self._folder))
        if name == "classifieds":
            info.classifieds_url = str(ready["url"])
        elif name == "model":
            info.llm_url = info.variables.get("LEADGEN_LLM_URL", str(ready["url"]))
        elif name == "microsoft":
            info.microsoft = {
                "url": str(ready["url"]),
                "authority": info.variables.get("LEADGEN_MICROSOFT_AUTHORITY", ""),
                "graph_url": info.variables.get("LEADGEN_GRAPH_URL", ""),
                "ca_file": info.variables.get("LEADGEN_CA_FILE", ""),
            }

    def mend(self, info: StackInfo, say: Callable[[str], None]) -> None:
        """Start it again if it has died, on its port, up to five times in a row; a minute alive ends the row."""
        if self.part.is_alive():
            ready = self.ready()
            if ready is not None and ready != info.standins.get(self.server.name):
                self.note(info)
            return
        if time.monotonic() - self._started > SETTLED_AFTER_S:
            self._in_a_row = 0
        if self._in_a_row >= RESTARTS_IN_A_ROW:
            self._detail = f"given up after {RESTARTS_IN_A_ROW} restarts: {self.part.tail(1)}"
            return
        self._restarts += 1
        self._in_a_row += 1
        say(f"the stand-in {self.server.name} ended (exit code {self.part.exit_code()}); starting it again")
        self.part.end()
        self.start()

    def health(self) -> PartHealth:
        """For the status."""
        ready = self.ready()
        address = str(ready["url"]) if ready else None
        state = "up" if ready else "down" if self._detail else "restarting"
        return PartHealth(state, self.part.pid, address, self._restarts, self._detail)


def _join(known: dict[str, str], said: dict[str, str]) -> None:
    """Add what a stand-in says; each names its own hosts."""
    hosts = [*known.get(_HOSTS, "").split(","), *said.get(_HOSTS, "").split(",")]
    known |= said
    if any(hosts):
        known[_HOSTS] = ",".join(dict.fromkeys(filter(None, hosts)))
