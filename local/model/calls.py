"""The journal: when each call arrived and how it ended, one JSON object per line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass
class Call:
    """One HTTP request to the chat endpoint, whatever became of it.

    Args:
        number: counted from 1 since the last reset.
        monotonic: when its headers had arrived, on the machine's monotonic clock, in seconds.
        wall: the same in seconds since the epoch.
        model: the model it asked for; empty if it could not be read.
        prompt_hash: SHA-256 of its messages; equal prompts have equal hashes.
        status: the HTTP status answered; 0 if the connection was dropped or given up.
        fault: kind of the fault that struck it, or empty.
    """

    number: int
    monotonic: float
    wall: float
    model: str = ""
    prompt_hash: str = ""
    status: int = 0
    fault: str = ""

    def shown(self) -> dict[str, Any]:
        """As the journal and the inspection address give it."""
        names = {"prompt_hash": "promptHash"}
        return {names.get(name, name): value for name, value in asdict(self).items()}


class Journal:
    """All calls since the last reset; the finished ones survive a restart."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._calls: list[Call] = _load(file)
        self._under_way: dict[int, Call] = {}

    def begin(self, monotonic: float, wall: float) -> Call:
        """Note that a call has arrived."""
        call = Call((self._calls[-1].number if self._calls else 0) + 1, monotonic, wall)
        self._calls.append(call)
        self._under_way[call.number] = call
        return call

    def end(self, call: Call) -> None:
        """Write a call down once it is known how it ended."""
        if self._under_way.get(call.number) is not call:
            return  # The journal was emptied while the call was under way.
        del self._under_way[call.number]
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(call.shown()) + "\n")

    def shown(self) -> list[dict[str, Any]]:
        """The calls in the order of their arrival, those under way included."""
        return [call.shown() for call in self._calls]

    def clear(self) -> None:
        """Forget everything."""
        self._calls, self._under_way = [], {}
        self._file.unlink(missing_ok=True)


def _load(file: Path) -> list[Call]:
    if not file.exists():
        return []
    calls = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # A line cut short when the process was killed.
        entry["prompt_hash"] = entry.pop("promptHash", "")
        calls.append(Call(**entry))
    return sorted(calls, key=lambda call: call.number)
