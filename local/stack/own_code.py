"""The functions' own code, imported before a worker is forked and forgotten by a worker that finds other files.

main.py imports the core late, when a function is called, so what a worker will need stands in the bodies of its
functions. It has to be the code as it is when a worker starts: edits take effect without a restart of the stack.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_Stamp = dict[str, tuple[int, int]]


class OwnCode:
    """What of a functions folder this process has imported."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._packages: set[str] = set()
        self._places: list[str] = []
        self._stamp: _Stamp = {}

    def of(self, folder: Path) -> list[str]:
        """Modules to import beforehand; they can be imported from now on. Those of a second folder are left alone.

        Args:
            folder: a staged functions folder.
        """
        if self._folder is not None:
            return []
        names = list(dict.fromkeys(_late_imports(folder / "main.py")))
        self._folder, self._packages = folder, {name.partition(".")[0] for name in names}
        sys.path.append(str(folder))  # as functions-framework does
        self._places = [place for package in self._packages for place in _places(package)]
        # Before anything is imported: a file that changes meanwhile must count as changed.
        self._stamp = _stamp(self._places)
        return names

    def forget_other(self, folder: Path) -> None:
        """In a worker: have imported nothing, if the code has changed or is not this folder's."""
        if folder == self._folder and _stamp(self._places) == self._stamp:
            return
        for name in [name for name in sys.modules if name.partition(".")[0] in self._packages]:
            del sys.modules[name]


def _late_imports(main: Path) -> Iterator[str]:
    """Modules beside main.py that it imports in functions."""
    try:
        tree = ast.parse(main.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # the list of functions, made of it as well, says what is wrong
    beside = {entry.stem for entry in main.parent.iterdir()}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            yield from (name for name in names if name.partition(".")[0] in beside)


def _places(package: str) -> list[str]:
    """Where a package or module will be imported from: folders, or a file."""
    found = importlib.util.find_spec(package)
    if found is None:
        return []
    return list(found.submodule_search_locations or ([found.origin] if found.origin else []))


def _stamp(places: Iterable[str]) -> _Stamp:
    """Time of change and size of every file there."""
    stamp = {}
    for path in (file for place in places for file in _files(place)):
        with contextlib.suppress(OSError):  # an editor's file that is gone already
            status = os.stat(path)
            stamp[path] = (status.st_mtime_ns, status.st_size)
    return stamp


def _files(place: str) -> Iterator[str]:
    if not os.path.isdir(place):
        yield place
    for folder, folders, files in os.walk(place):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (os.path.join(folder, name) for name in files)
