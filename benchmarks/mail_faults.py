"""What becomes of mails when everything between the agent and the mailbox fails: delivered twice, lost, parked.

The whole agent runs against the Firestore emulator and the Microsoft stand-in, which counts what it really delivers.
Mails are queued in lots; each lot suffers faults drawn at random, several times: the process dies before or after a
read or write of Firestore or a call to Graph, vanishes between two ticks, or stands still beyond its lease while
another agent works; an answer to the send is lost (the mail having left or not), 504 and 500 after a real send, 202
with Retry-After, 429, 401, a mailbox that shows its sent copy minutes late, two agents at once, each tick run twice. A
third of the lots is sent with pauses between the mails, so that agents live from tick to tick. Time is the benchmark's
own: nothing sleeps. At the end every mail must have been delivered once, and its document must say so.

Beside it, the obvious way under the same lost answers: send, and send again when the answer did not come.

    python benchmarks/mail_faults.py [--mails N] [--lot N] [--seed N]

The last line is one JSON object: mails, faults (by kind), twice, lost, parked, and the same for the obvious way.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from google.cloud.firestore import Client

from leadgen.mail.deps import Memory
from leadgen.mail.providers.base import OutcomeUnknown, ProviderError
from leadgen.model.config import SendInterval
from leadgen.model.status import EmailStatus
from local.microsoft.settings import Settings as MicrosoftSettings
from local.microsoft.testing import running_standin
from local.stack.firestore_alone import firestore_emulator
from tests.mail_world import NOON, Death, Killed, Stall, World, mortal_commits, mortal_reads

_SETTLED = frozenset({EmailStatus.SENT, EmailStatus.PARKED})
LOST_ANSWERS: dict[str, dict[str, Any]] = {
    "504 after a real send": {"fault": "status:504", "afterEffect": True},
    "504 and nothing sent": {"fault": "status:504", "afterEffect": False},
    "500 after a real send": {"fault": "status:500", "afterEffect": True},
    "503 with Retry-After": {"fault": "status:503", "retryAfter": 40, "afterEffect": True},
    "answer dropped, sent": {"drop": True, "afterEffect": True},
    "answer dropped, not sent": {"drop": True, "afterEffect": False},
}
REFUSALS: dict[str, dict[str, Any]] = {
    "202 with Retry-After": {"retryAfter": 30},
    "429": {"fault": "status:429", "retryAfter": 90},
    "401": {"fault": "status:401"},
}


class Run:
    """Lots of mails, each under one kind of fault."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, random.Random(seed)
        self.faults: Counter[str] = Counter()
        self.queued: dict[str, str] = {}
        self.errors: list[str] = []

    def lot(self, number: int, mails: int) -> None:
        """Queue a lot, let something go wrong again and again, and let time heal it."""
        world = self.world
        low = self.rng.choice([0.0, 0.0, 20.0])
        world.settings = world.settings.model_copy(update={"send_interval_seconds": SendInterval(min=low, max=low * 2)})
        ids = [world.queue(number * 1000 + place) for place in range(mails)]
        for job_id in ids:
            self.queued[job_id] = world.job(job_id).lead_data.email
        kinds: list[Callable[[], None]] = [
            self.die,
            self.die,
            self.vanish,
            self.stall,
            self.lose,
            self.lose,
            self.refuse,
        ]
        kinds += [self.lag, self.two_at_once]
        for _ in range(4):
            self.rng.choice(kinds)()
            world.pass_time(seconds=self.rng.choice([1, 61, 200, 400]))
        world.microsoft.control("DELETE", "faults")
        world.microsoft.control("PATCH", "settings", {"sentLagSeconds": 0})
        for _ in range(80):
            if all(world.job(job_id).status in _SETTLED for job_id in ids):
                return
            world.pass_time(minutes=7)
            world.tick()

    def die(self) -> None:
        """The process ends before or after some act."""
        after = self.rng.random() < 0.5
        self._under(Death(at=self.rng.randint(1, 80), after=after), f"died {'after' if after else 'before'}")

    def vanish(self) -> None:
        """The process is gone between two ticks, with whatever it remembered."""
        self.world.tick()
        self.faults["vanished between two ticks" + (", an agent with it" if self.world.memory.kept else "")] += 1
        self.world.memory = Memory()

    def stall(self) -> None:
        """The process stands still for ten minutes, in which another one works."""
        after = self.rng.random() < 0.5
        self._under(Stall(at=self.rng.randint(1, 80), after=after, world=self.world), "stalled beyond its lease")

    def _under(self, death: Death, name: str) -> None:
        self.world.death = death
        with suppress(Killed):
            self.world.tick()
        struck = death.acts >= death.at
        self.world.death = Death()
        if struck:
            what = death.names[death.at - 1] if len(death.names) >= death.at else "act"
            self.faults[f"{name} {what}"] += 1

    def lose(self) -> None:
        """Answers to the send are lost."""
        name = self.rng.choice(sorted(LOST_ANSWERS))
        for nth in self.rng.sample(range(1, 8), 3):
            self.world.fault("POST", "*/send", nth=nth, **LOST_ANSWERS[name])
            self.faults[name] += 1
        self.world.tick()

    def refuse(self) -> None:
        """Graph asks to slow down, or wants another token, at the draft or at the send."""
        name, path = self.rng.choice(sorted(REFUSALS)), self.rng.choice(["*/send", "*/messages"])
        self.world.fault("POST", path, nth=self.rng.randint(1, 6), **REFUSALS[name])
        self.faults[name] += 1
        self.world.tick()

    def lag(self) -> None:
        """The mailbox shows what it sent minutes late, and the answer is lost as well."""
        shows = self.rng.choice(["draft", "missing"])
        self.world.microsoft.control("PATCH", "settings", {"sentLagSeconds": 200, "sentLagShows": shows})
        self.faults[f"sent copy late, shows {shows}"] += 1
        self.world.fault("POST", "*/send", nth=self.rng.randint(1, 5), fault="status:504", afterEffect=True)
        self.world.tick()

    def two_at_once(self) -> None:
        """Two agents run at the same moment, and the events that start them come twice."""

        def work() -> None:
            try:
                for _ in range(2):
                    self.world.tick()
            except BaseException as error:
                self.errors.append(repr(error))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.faults["two agents at once, each twice"] += 1

    def progress(self) -> str:
        """How it stands after some lots."""
        got = Counter(self.world.delivered())
        twice, missing = sum(number > 1 for number in got.values()), len(set(self.queued.values()) - set(got))
        return f"{len(self.queued)} mails, {self.faults.total()} faults, twice {twice}, lost or parked {missing}"

    def verdict(self) -> dict[str, Any]:
        """Who got how many mails, and what the documents say."""
        got = Counter(self.world.delivered())
        states = {job_id: self.world.job(job_id).status for job_id in self.queued}
        parked = [job_id for job_id, status in states.items() if status is EmailStatus.PARKED]
        return {
            "mails": len(self.queued),
            "faults": dict(sorted(self.faults.items())),
            "twice": sum(number > 1 for number in got.values()),
            "lost": sum(got[email] == 0 for job_id, email in self.queued.items() if job_id not in parked),
            "parked": len(parked),
            "unsettled": sum(status not in _SETTLED for status in states.values()),
            "counted_in_campaign": self.world.sent_count(),
            "errors": self.errors,
        }


def obvious(world: World, mails: int, rng: random.Random) -> dict[str, int]:
    """Send; when the answer does not come, send again, up to three times. As most senders do."""
    from leadgen.mail.providers.base import Message

    for number in range(mails):
        if rng.random() < 0.3:
            world.fault("POST", "*/send", **LOST_ANSWERS[rng.choice(sorted(LOST_ANSWERS))])
        message = Message(f"plain{number}@obvious.example", "", "Hello", "<p>Hello</p>", "Hello")
        provider = world.provider(world.mailbox())
        for _ in range(3):
            with suppress(ProviderError):
                try:
                    provider.send(provider.create_draft(message, f"plain{number}").immutable_id)
                except OutcomeUnknown:
                    continue
                break
        provider.close()
        world.pass_time(seconds=3)
        world.microsoft.control("DELETE", "faults")
    got = Counter(email for email in world.delivered() if email.endswith("@obvious.example"))
    return {"mails": mails, "twice": sum(n > 1 for n in got.values()), "lost": mails - len(got)}


def measure(db: Client, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run both ways."""
    holder: list[World] = []

    def clock() -> float:
        return holder[0].moment.timestamp() if holder else NOON.timestamp()

    with running_standin(MicrosoftSettings(folder / "microsoft", clock=clock)) as microsoft:
        world = World(db, microsoft)
        holder.append(world)
        world.settings = world.settings.model_copy(update={"daily_cap": 10_000})
        world.furnish()
        run, lots = Run(world, options.seed), -(-options.mails // options.lot)
        with mortal_commits(world), mortal_reads(world):
            for number in range(lots):
                run.lot(number, options.lot)
                if number % 10 == 9:
                    print(f"  {run.progress()}", flush=True)
        figures = run.verdict()
        figures["obvious"] = obvious(world, min(options.mails, 200), random.Random(options.seed))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=2000, help="mails in all")
    parser.add_argument("--lot", type=int, default=10, help="mails that suffer the same faults")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    options = parser.parse_args()
    print(f"{options.mails} mails in lots of {options.lot}, seed {options.seed}")
    with firestore_emulator() as address, tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FIRESTORE_EMULATOR_HOST": address, "GOOGLE_CLOUD_PROJECT": "demo-mail-faults"}
        db = Client(project="demo-mail-faults")
        figures = measure(db, Path(folder), options)
        db.close()
    for name, number in figures["faults"].items():
        print(f"  {number:5} {name}")
    figures["faults"] = sum(figures["faults"].values())
    figures["cpu_s"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_utime, 1)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
