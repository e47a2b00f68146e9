"""A worker that dies, or whose calls fail, at one chosen step of its I/O.

Every call to Firestore, every fetch and every publication is two steps: before it (nothing has happened) and after it
(it has happened, and nobody was told). A test runs the same work once for every step and compares the end with that of
an undisturbed run:

    def run(fate: Fate, number: int) -> State:
        db = ...                              # a database of its own, named by the number
        with fate.over(db):
            context = make_context(db, open_reader=fate.reader(open_reader), publisher=fate.publisher(broker))
            fate.survive(lambda: harvest(context, request_id))
            ...                               # let time pass, sweep, deliver: other workers, other contexts
        return end_state(db)

    (_, undisturbed), *others = end_states(run)
    for fate, state in others:
        assert state == undisturbed, str(fate)

A dead worker does nothing more: what its `except` and `finally` blocks try to do fails in the same way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from google.cloud.firestore import Client

from tests.counting import tapped

T = TypeVar("T")


class Killed(BaseException):
    """The worker is gone; no handler of `Exception` runs, as when the machine is taken away."""


@dataclass
class Fate:
    """What happens at which step.

    Args:
        at: the step, from 1; 0 for none.
        error: makes the exception of that step; without it the worker dies.
    """

    at: int = 0
    error: Callable[[], Exception] | None = None
    taken: int = 0
    trace: list[str] = field(default_factory=list, repr=False)
    is_dead: bool = False
    has_struck: bool = False
    is_asleep: bool = False

    @property
    def where(self) -> str:
        """The step it happened at, in words."""
        return self.trace[self.at - 1] if 0 < self.at <= len(self.trace) else "nowhere"

    def __str__(self) -> str:
        return f"{'failure' if self.error else 'death'} at step {self.at}: {self.where}"

    def step(self, name: str) -> None:
        """Pass a step, or not."""
        if self.is_asleep:
            return
        if self.is_dead:
            raise Killed(name)
        self.taken += 1
        self.trace.append(name)
        if self.taken == self.at:
            self.has_struck = True
            if self.error is not None:
                raise self.error()
            self.is_dead = True
            raise Killed(name)

    def survive(self, action: Callable[[], object]) -> bool:
        """Do something; whether it came to its end. What failed is the platform's to repeat, as after a crash."""
        try:
            action()
        except Killed:
            self.is_dead = False  # the next worker lives
            return False
        except Exception:
            if self.error is None or not self.has_struck:
                raise
            return False
        return True

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Steps inside count for nothing: the test itself looks at the documents."""
        before, self.is_asleep = self.is_asleep, True
        try:
            yield
        finally:
            self.is_asleep = before

    @contextmanager
    def over(self, db: Client) -> Iterator[None]:
        """Make every call of this client to Firestore two steps."""

        def around(name: str, call: Callable[[], Any], request: Any) -> Any:
            label = f"{name} {_about(request)}"
            self.step(f"before {label}")
            answer = call()
            if name not in ("commit", "batch_write"):
                answer = iter(list(answer))  # the call is over when its last document came
            self.step(f"after {label}")
            return answer

        with tapped(db, around):
            yield

    def publisher(self, publisher: Any) -> Any:
        """The publisher, each message two steps."""
        return _Publisher(self, publisher)

    def reader(
        self, open_reader: Callable[..., AbstractAsyncContextManager[Any]]
    ) -> Callable[..., AbstractAsyncContextManager[Any]]:
        """A reader factory whose readers make every fetch two steps."""

        @asynccontextmanager
        async def opened(*args: Any) -> AsyncIterator[Any]:
            async with open_reader(*args) as reader:
                yield _Reader(self, reader)

        return opened


def end_states(
    run: Callable[[Fate, int], T],
    error: Callable[[], Exception] | None = None,
    *,
    at: Callable[[str], bool] = lambda step: True,
    at_once: int = 4,
) -> Iterator[tuple[Fate, T]]:
    """The end of an undisturbed run, then that of a run for each step it took.

    Until it is struck, a run takes the steps of the undisturbed one, so these are all there are.

    Args:
        run: does the work under a fate, in a database of its own (the number may name it), and gives its end state.
        error: makes the exception each fate strikes with; without it the worker dies.
        at: picks the steps by their names; all by default.
        at_once: runs side by side.
    """
    undisturbed = Fate()
    yield undisturbed, run(undisturbed, 0)
    others = [Fate(number, error) for number, step in enumerate(undisturbed.trace, 1) if at(step)]
    with ThreadPoolExecutor(at_once) as pool:
        yield from zip(others, pool.map(run, others, range(1, len(others) + 1)), strict=True)


class _Publisher:
    def __init__(self, fate: Fate, publisher: Any) -> None:
        self._fate, self._publisher = fate, publisher

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        self._fate.step(f"before publish {topic} {message}")
        self._publisher.publish(topic, message)
        self._fate.step(f"after publish {topic} {message}")


class _Reader:
    def __init__(self, fate: Fate, reader: Any) -> None:
        self._fate, self._reader = fate, reader

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._reader, name)

        async def fetch(url: str, *args: Any, **options: Any) -> Any:
            self._fate.step(f"before {name} {url}")
            answer = await real(url, *args, **options)
            self._fate.step(f"after {name} {url}")
            return answer

        return fetch if name.startswith("get") else real


def _about(request: Any) -> str:
    """The documents a request is about, for people."""
    if not isinstance(request, dict):
        return type(request).__name__
    if "documents" in request:
        return ", ".join(_short(path) for path in request["documents"])
    if "writes" in request:
        return ", ".join(_short(one.update.name or one.delete) for one in request["writes"])
    return _short(str(request.get("parent", "")))


def _short(path: str) -> str:
    return path.partition("/documents/")[2] or path
