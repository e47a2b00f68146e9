"""Keeps the listeners alive and says truthfully how fresh their data is.

A Firestore watch sends nothing while nothing changes, and when it ends (an exception, PERMISSION_DENIED, a filter
mismatch) it ends silently. So silence is never taken for health, and two things are asked, over the connection that
the listeners share:

* every `BEAT_EVERY_S` a commit without a write. It reads and writes nothing, so it costs nothing, and its answer
  confirms, as of the moment of asking, every feed whose listener is running;
* every `READ_EVERY_S` the first document of one feed, each in turn, is read afresh: 120 document reads an hour. If the
  feed's listener does not hold that very version, it gets `CATCH_UP_S` to deliver it and is subscribed anew after that.
  So a stream that the server forgot while the connection lives is found within `READ_EVERY_S` × feeds. A listener that
  ended is asked for at once, to learn why.

Everything that may block runs in threads of its own and reports through one queue; the supervisor only decides. After
any loss of the connection all feeds are subscribed anew, so nothing that was deleted meanwhile stays on the screen.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

from console.live import link
from console.live.clock import Clock
from console.live.feed import Feed
from console.live.health import FeedHealth, FeedState, Health, LinkState
from console.live.link import Failure, Newest, Trouble
from console.live.listener import FIRST_ANSWER_S, START_GRACE_S, Listener, backoff
from console.live.session import Session
from console.live.store import LiveStore
from console.live.threads import Spawn, in_thread

BEAT_EVERY_S = 2.0
READ_EVERY_S = 30.0
CATCH_UP_S = 4.0
CONNECT_TIMEOUT_S = 30.0
DENIED_RETRY_S = 30.0


class Supervisor:
    """Owns the connection.

    Args:
        session: where clients come from.
        feeds: what to listen to.
        store: where windows go.
        clock: time.
        spawn: runs a blocking task elsewhere; a test may run it on the spot.
        rng: source of the jitter.
    """

    def __init__(
        self,
        session: Session,
        feeds: Sequence[Feed],
        store: LiveStore,
        clock: Clock,
        *,
        spawn: Spawn = in_thread,
        rng: random.Random | None = None,
    ) -> None:
        self.store = store
        self._session = session
        self._clock = clock
        self._spawn = spawn
        self._rng = rng or random.Random()
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._listeners = {feed.name: Listener(feed) for feed in feeds}
        self._turns = [feed.name for feed in feeds]
        self._made: list[Any] = []
        """Watches of the present connection."""
        self._made_lock = threading.Lock()
        self._epoch = 0
        self._client: Any = None
        self._state = LinkState.CONNECTING
        self._message = ""
        self._retry_at: float | None = clock.monotonic()
        self._tries = 0
        self._connecting_since: float | None = None
        self._probe_since: float | None = None
        self._beat_at = 0.0
        self._read_at = 0.0
        self._slow = 0
        self._running = threading.Event()
        self.health = Health(feeds={name: FeedHealth() for name in self._listeners})
        """The latest state; a new object at every change, so any thread may read it."""

    # -- what others call, from any thread

    def start(self) -> None:
        """Begin to supervise, in a thread."""
        link.hush_watch_threads()
        self._running.set()
        threading.Thread(target=self._run, name="live-supervisor", daemon=True).start()

    def stop(self) -> None:
        """End the listeners and the thread."""
        self._running.clear()
        self._events.put(self._drop)

    def reconnect(self) -> None:
        """Drop the connection and make a new one at once."""
        self._events.put(self._reconnect)

    def pump(self, timeout: float = 0.25) -> bool:
        """Handle at most one report, then whatever is due.

        Args:
            timeout: seconds to wait for a report.

        Returns:
            Whether there was a report.
        """
        try:
            report = self._events.get(timeout=timeout) if timeout > 0 else self._events.get_nowait()
        except queue.Empty:
            report = None
        if report is not None:
            report()
        self._tick()
        self._publish()
        return report is not None

    # -- the thread

    def _run(self) -> None:
        while self._running.is_set():
            try:
                self.pump()
            except Exception as error:
                # A fault of ours must not stop the supervision without a word.
                logging.getLogger(__name__).exception("the supervisor failed")
                self._lost(Failure(Trouble.FAILED, f"The listeners failed: {error}"))
        self._drop()

    def _publish(self) -> None:
        feeds = {name: listener.health for name, listener in self._listeners.items()}
        health = Health.of(self._state, feeds, self._retry_at, self._message)
        if health != self.health:
            self.health = health

    def _report(self, epoch: int, handler: Callable[..., None], *args: Any) -> None:
        def handle() -> None:
            # What a connection that was given up reports late is of no interest.
            if epoch == self._epoch:
                handler(*args)

        self._events.put(handle)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if self._connecting_since is not None:
            if now - self._connecting_since > CONNECT_TIMEOUT_S:
                self._lost(Failure(Trouble.UNREACHABLE, f"No connection within {CONNECT_TIMEOUT_S:.0f} s."))
        elif self._client is None:
            if self._retry_at is not None and now >= self._retry_at:
                self._connect()
        else:
            self._tend(now)

    # -- connecting

    def _connect(self) -> None:
        self._epoch += 1
        epoch = self._epoch
        self._retry_at = None
        self._connecting_since = self._clock.monotonic()

        def task() -> None:
            try:
                client = self._session.firestore()
            except Exception as error:
                self._report(epoch, self._lost, link.explain(error, "the sign-in"))
                return
            self._report(epoch, self._connected, client)

        self._spawn(task)

    def _connected(self, client: Any) -> None:
        self._client = client
        self._connecting_since = None
        self._probe_since = None
        self._slow = 0
        self._beat_at = self._clock.monotonic()
        self._read_at = self._beat_at + READ_EVERY_S
        for listener in self._listeners.values():
            self._subscribe(listener)

    def _reconnect(self) -> None:
        self._drop()
        self._tries = 0
        self._state, self._message = LinkState.CONNECTING, ""
        self._connect()

    def _drop(self) -> None:
        with self._made_lock:
            self._epoch += 1
            watches, self._made = self._made, []
        self._connecting_since = None
        client = self._client
        self._client = None
        for listener in self._listeners.values():
            listener.watch = None
            listener.retry_at = listener.behind_since = None
        if client is not None:
            self._spawn(lambda: link.dispose(client, watches))

    def _lost(self, failure: Failure) -> None:
        self._drop()
        signed_out = failure.trouble is Trouble.SIGNED_OUT
        self._state = LinkState.SIGNED_OUT if signed_out else LinkState.OFFLINE
        self._message = failure.message
        wait = DENIED_RETRY_S if signed_out else backoff(self._tries, self._rng)
        self._tries += 1
        self._retry_at = self._clock.monotonic() + wait

    # -- listeners

    def _subscribe(self, listener: Listener) -> None:
        listener.serial += 1
        listener.started_at = self._clock.monotonic()
        listener.retry_at = listener.behind_since = None
        epoch, serial, client, old = self._epoch, listener.serial, self._client, listener.watch
        listener.watch = None
        listener.loaded = False

        def deliver(docs: Any, unreadable: int, versions: dict[str, Any]) -> None:
            self._report(epoch, self._arrived, listener, serial, docs, unreadable, versions)

        def task() -> None:
            if old is not None:
                with self._made_lock:
                    self._made = [one for one in self._made if one is not old]
                link.dispose(None, [old])
            try:
                watch = link.subscribe(client, listener.feed, deliver)
            except Exception as error:
                self._report(epoch, self._refused, listener, link.explain(error, listener.feed.title))
                return
            with self._made_lock:
                is_wanted = epoch == self._epoch
                if is_wanted:
                    self._made.append(watch)
            if not is_wanted:
                # The connection was given up meanwhile: nobody else knows of this watch, which would go on for ever.
                link.dispose(client, [watch])
                return
            self._report(epoch, self._subscribed, listener, serial, watch)

        self._spawn(task)

    def _subscribed(self, listener: Listener, serial: int, watch: Any) -> None:
        if serial != listener.serial:
            self._spawn(lambda: link.dispose(None, [watch]))
            return
        listener.watch = watch
        listener.started_at = self._clock.monotonic()

    def _arrived(self, listener: Listener, serial: int, docs: Any, unreadable: int, versions: dict[str, Any]) -> None:
        if serial != listener.serial:
            return
        now = self._clock.monotonic()
        listener.versions = versions
        listener.arrived_at = now
        listener.loaded = True
        listener.behind_since = None
        listener.tries = 0
        listener.confirm(now)
        self._online()
        self.store.replace(listener.feed.name, docs, unreadable)

    def _online(self) -> None:
        self._state, self._message, self._retry_at, self._tries = LinkState.ONLINE, "", None, 0

    def _refused(self, listener: Listener, failure: Failure) -> None:
        """A feed can't be read although there is a connection."""
        denied = failure.trouble is Trouble.DENIED
        listener.health = FeedHealth(
            FeedState.DENIED if denied else FeedState.FAILED, listener.health.confirmed_at, failure.message
        )
        wait = DENIED_RETRY_S if denied else backoff(listener.tries, self._rng)
        listener.tries += 1
        listener.retry_at = self._clock.monotonic() + wait
        self._online()

    # -- watching over them

    def _tend(self, now: float) -> None:
        for listener in self._listeners.values():
            self._tend_listener(listener, now)
        if self._probe_since is not None:
            if now - self._probe_since > link.PROBE_TIMEOUT_S + 2:
                self._lost(Failure(Trouble.UNREACHABLE, "Firestore does not answer."))
        elif now >= self._read_at:
            self._probe(now)
        elif now >= self._beat_at:
            self._beat(now)

    def _tend_listener(self, listener: Listener, now: float) -> None:
        if listener.retry_at is not None:
            if now >= listener.retry_at:
                self._subscribe(listener)
            return
        behind = listener.behind_since is not None and now - listener.behind_since > CATCH_UP_S
        mute = not listener.loaded and now - listener.started_at > FIRST_ANSWER_S
        if behind or mute:
            self._subscribe(listener)
            return
        ended = listener.watch is not None and not link.is_running(listener.watch)
        if ended and now - listener.started_at > START_GRACE_S:
            # Why it ended is not told; a read of this feed finds out.
            listener.retry_at = now + backoff(listener.tries, self._rng)
            listener.tries += 1
            self._ask_next(listener.feed.name)

    def _ask_next(self, name: str) -> None:
        self._turns.remove(name)
        self._turns.insert(0, name)
        self._read_at = self._clock.monotonic()

    def _beat(self, now: float) -> None:
        client, epoch = self._client, self._epoch
        self._probe_since = now
        self._beat_at = now + BEAT_EVERY_S

        def task() -> None:
            try:
                link.beat(client)
            except Exception as error:
                self._report(epoch, self._no_beat, link.explain(error, "the database"), now)
                return
            self._report(epoch, self._confirmed, now)

        self._spawn(task)

    def _no_beat(self, failure: Failure, asked_at: float) -> None:
        self._probe_since = None
        if failure.trouble in {Trouble.DENIED, Trouble.FAILED}:
            # The server answered, if not what was hoped for: the connection lives.
            self._confirmed(asked_at)
        else:
            self._no_answer(failure)

    def _probe(self, now: float) -> None:
        name = self._turns.pop(0)
        self._turns.append(name)
        listener, client, epoch = self._listeners[name], self._client, self._epoch
        self._probe_since = now
        self._beat_at = now + BEAT_EVERY_S
        self._read_at = now + READ_EVERY_S

        def task() -> None:
            try:
                newest = link.probe(client, listener.feed)
            except Exception as error:
                self._report(epoch, self._unanswered, listener, link.explain(error, listener.feed.title))
                return
            self._report(epoch, self._answered, listener, newest, now)

        self._spawn(task)

    def _answered(self, probed: Listener, newest: Newest, asked_at: float) -> None:
        if probed.health.state is FeedState.DENIED:
            # It may be read again: no need to wait for its turn.
            self._subscribe(probed)
        elif probed.loaded and not probed.holds(newest) and probed.arrived_at < asked_at:
            probed.behind_since = probed.behind_since or self._clock.monotonic()
        self._confirmed(asked_at)

    def _confirmed(self, asked_at: float) -> None:
        """The server answered a question asked at that moment."""
        self._probe_since = None
        self._slow = 0
        self._online()
        for listener in self._listeners.values():
            running = listener.watch is not None and link.is_running(listener.watch) and listener.retry_at is None
            if running and listener.loaded and listener.behind_since is None:
                listener.confirm(asked_at)

    def _unanswered(self, probed: Listener, failure: Failure) -> None:
        self._probe_since = None
        if failure.trouble in {Trouble.DENIED, Trouble.FAILED}:
            self._slow = 0
            self._refused(probed, failure)
        else:
            self._no_answer(failure)

    def _no_answer(self, failure: Failure) -> None:
        if failure.trouble is Trouble.SLOW and not self._slow:
            # One late answer proves nothing: the age on screen grows meanwhile.
            self._slow = 1
        else:
            self._lost(failure)
