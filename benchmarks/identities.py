"""Knowing people again among 100,000 contacts: what a new process reads, what it holds, and what a look-up takes.

The identity log of so many contacts (a phone, a post, every second an email, four in ten a picture) is written to the
Firestore emulator, and a process that knows nothing reads it, as after a cold start. Then pictures saved anew, their
hashes up to 6 bits away, are looked up. Beside it, on the same hashes, what the look-up costs without the log:

* bands: multi-index hashing, a document per 16-bit band of the hash: 4 reads and 4 writes a picture, and of copies
  more than 3 bits away some share no band;
* scan: Python's `int.bit_count` over all hashes.

    python benchmarks/identities.py [--contacts N] [--pictures N]

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

import psutil
from google.cloud import firestore

from leadgen.model.documents import IndexSegment
from leadgen.process.entries import SEGMENT_BYTES, Entry, mark_entry, pack, picture_bits
from leadgen.process.images import SAME_PICTURE
from leadgen.process.index import MarkIndex, owner, shown_by
from leadgen.process.index_log import IndexLog, LogMemory
from local.stack.firestore_alone import firestore_emulator
from tests.counting import counted

_BATCH = 10


def _entries(rng: random.Random, contacts: int) -> list[list[Entry]]:
    """The entries of each batch of new contacts."""
    batches: list[list[Entry]] = []
    for number in range(contacts):
        contact = f"{number:032x}"
        entries = [
            mark_entry("phone", f"+1512{number:07}", contact),
            mark_entry("url", f"https://ads.example/post/{number}", contact),
        ]
        if number % 2:
            entries.append(mark_entry("email", f"owner{number}@business{number}.com", contact))
        if number % 5 < 2:
            entries.append(mark_entry("image", f"{rng.getrandbits(64):016x}", contact))
        if number % _BATCH == 0:
            batches.append([])
        batches[-1] += entries
    return batches


def _write(db: firestore.Client, batches: list[list[Entry]]) -> int:
    """Store the log as the pipeline would have: an element per batch, segments of the usual size."""
    segments, blobs, size = 0, [], 0
    for number, entries in enumerate(batches):
        blob = secrets.token_bytes(8) + pack(entries)
        blobs.append(blob)
        size += len(blob)
        last = number == len(batches) - 1
        if last or size + len(blob) > SEGMENT_BYTES:
            segment = IndexSegment(generation="bench", blobs=blobs, size=size, sealed=not last)
            db.collection("identityIndex").document(f"{segments:06d}").set(segment.to_firestore())
            segments, blobs, size = segments + 1, [], 0
    return segments


def _copies(rng: random.Random, hashes: list[int], count: int) -> list[tuple[int, int]]:
    """Hashes of pictures and of their copies, with 0 to 6 bits flipped."""
    copies = []
    for _ in range(count):
        value = original = rng.choice(hashes)
        for bit in rng.sample(range(64), rng.randint(0, SAME_PICTURE)):
            value ^= 1 << bit
        copies.append((original, value))
    return copies


def _share_a_band(one: int, other: int) -> bool:
    return any((one ^ other) >> 16 * band & 0xFFFF == 0 for band in range(4))


def _cold_start(address: str, contacts: int, copies: list[tuple[int, int]]) -> dict[str, float]:
    """What a new process reads, holds and takes; run in one."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    db = firestore.Client(project="demo-bench")
    next(iter(db.collection("warm").limit(1).stream()), None)  # the channel and the libraries are there before
    shown_by(MarkIndex(), "0" * 16)
    process = psutil.Process()
    before, began, wall = process.memory_info().rss, time.process_time(), time.monotonic()
    log = IndexLog(db, LogMemory())
    with counted(db) as cold:
        log.refresh(datetime.now(UTC))
    cpu, wall = time.process_time() - began, time.monotonic() - wall
    held = process.memory_info().rss - before
    with counted(db) as warm:
        log.refresh(datetime.now(UTC))
    index = log.present
    found = [shown_by(index, f"{copy:016x}") is not None for _, copy in copies]
    numbers = [n % contacts for _, n in copies]
    return {
        "entries": len(index),
        "cold_reads": cold.total.reads,
        "cold_cpu_s": round(cpu, 2),
        "cold_s": round(wall, 2),
        "warm_reads": warm.total.reads,
        "held_mb": round(held / 2**20),
        "mark_us": round(_cpu_us(lambda n: owner(index, "phone", f"+1512{n:07}"), numbers), 2),
        "picture_us": round(_cpu_us(lambda n: shown_by(index, f"{n:016x}"), [copy for _, copy in copies]), 1),
        "picture_recall": round(sum(found) / len(found), 3),
    }


def _cpu_us(action: Callable[[int], object], values: list[int]) -> float:
    """Microseconds of CPU per value."""
    began = time.process_time()
    for value in values:
        action(value)
    return (time.process_time() - began) / len(values) * 1e6


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=400, help="copies looked up")
    wish = parser.parse_args()
    rng = random.Random(7)
    batches = _entries(rng, wish.contacts)
    hashes = [picture_bits(e.key) for entries in batches for e in entries if e.kind == b"i"]
    with firestore_emulator() as address:
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        db = firestore.Client(project="demo-bench")
        segments = _write(db, batches)
        copies = _copies(rng, hashes, wish.pictures)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            cold = pool.submit(_cold_start, address, wish.contacts, copies).result()
    some = [copy for _, copy in copies[:40]]
    figures = {
        "contacts": wish.contacts,
        "segments": segments,
        **cold,
        "scan_us": round(_cpu_us(lambda n: [h for h in hashes if (h ^ n).bit_count() <= SAME_PICTURE], some), 1),
        "bands_recall": round(sum(_share_a_band(*pair) for pair in copies) / len(copies), 3),
        "bands_reads": 4,
    }
    for name, value in figures.items():
        print(f"{name:22} {value:>12}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
