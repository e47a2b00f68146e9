"""How well incoming mail is sorted: a confusion matrix over the collected samples, and bounces beside flufl.bounce.

The samples are those of ``tests/data/inbox``; a third of them is kept back while the rules are made and shown apart.
The peer, flufl.bounce, tells only permanent from temporary failures, so it is asked whether it sees a report as one and
whether it calls the same addresses dead: the error that costs most is to write an address off that is alive.
``--folder`` sorts the mails of a folder of one's own (*.eml), without judging them. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "backend_functions")]

from leadgen.mail.inbox.classify import Kind, classify  # noqa: E402
from leadgen.mail.inbox.incoming import read_incoming  # noqa: E402
from tests.inbox_samples import Sample, samples  # noqa: E402

_FAILED = frozenset({"hard_bounce", "soft_bounce", "blocked"})
_REPORTS = _FAILED | {"delayed"}
_PEER = """
import sys, json, email
from flufl.bounce import all_failures
out = []
for raw in json.load(sys.stdin):
    temporary, permanent = all_failures(email.message_from_bytes(raw.encode("latin-1")))
    out.append([len(temporary), len(permanent)])
print(json.dumps(out))
"""


def sort(raw: bytes, *, known: bool) -> str:
    """The kind of a mail."""
    return str(classify(read_incoming(raw), known=known).kind)


def matrix(found: Counter[tuple[str, str]]) -> str:
    """Rows: what they are; columns: what they were taken for."""
    kinds = [kind for kind in map(str, Kind) if any(kind in pair for pair in found)]
    width = max(map(len, kinds)) + 1
    lines = [" " * width + "".join(kind[:11].rjust(12) for kind in kinds)]
    for row in kinds:
        cells = "".join((str(found[row, column]) if found[row, column] else "·").rjust(12) for column in kinds)
        lines.append(row.ljust(width) + cells)
    return "\n".join(lines)


def judged(chosen: list[Sample], title: str) -> dict[str, Any]:
    """Sort samples and print how that went."""
    taken = [(sample, sort(sample.raw, known=sample.known)) for sample in chosen]
    found = Counter((sample.kind, kind) for sample, kind in taken)
    right = sum(sample.kind == kind for sample, kind in taken)
    print(f"\n{title}: {right} of {len(chosen)} right\n{matrix(found)}")
    for sample, kind in taken:
        if sample.kind != kind:
            print(f"  {sample.name}: {sample.kind}, taken for {kind}")
    return {"samples": len(chosen), "right": right}


def peer(chosen: list[Sample], python: str) -> dict[str, Any] | None:
    """What flufl.bounce makes of the reports; `None` if it is not installed."""
    mails = [sample.raw.decode("latin-1") for sample in chosen]
    done = subprocess.run([python, "-c", _PEER], input=json.dumps(mails), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"flufl.bounce could not be asked: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    answers = [
        (sample.kind, temporary, permanent)
        for sample, (temporary, permanent) in zip(chosen, json.loads(done.stdout), strict=True)
    ]
    return {
        "reports": sum(kind in _REPORTS for kind, _, _ in answers),
        "reports_seen": sum(
            kind in _REPORTS and bool(temporary or permanent) for kind, temporary, permanent in answers
        ),
        "dead": sum(kind == "hard_bounce" for kind, _, _ in answers),
        "dead_seen": sum(kind == "hard_bounce" and bool(permanent) for kind, _, permanent in answers),
        "alive_called_dead": sum(
            kind in _REPORTS - {"hard_bounce"} and bool(permanent) for kind, _, permanent in answers
        ),
        "no_report_taken_for_one": sum(
            kind not in _REPORTS and bool(temporary or permanent) for kind, temporary, permanent in answers
        ),
    }


def ours(chosen: list[Sample]) -> dict[str, Any]:
    """The same of the product."""
    answers = [(sample.kind, sort(sample.raw, known=sample.known)) for sample in chosen]
    return {
        "reports": sum(kind in _REPORTS for kind, _ in answers),
        "reports_seen": sum(kind in _REPORTS and got in _REPORTS for kind, got in answers),
        "dead": sum(kind == "hard_bounce" for kind, _ in answers),
        "dead_seen": sum(kind == got == "hard_bounce" for kind, got in answers),
        "alive_called_dead": sum(kind in _REPORTS - {"hard_bounce"} and got == "hard_bounce" for kind, got in answers),
        "no_report_taken_for_one": sum(kind not in _REPORTS and got in _REPORTS for kind, got in answers),
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="sort the .eml files of this folder instead")
    parser.add_argument("--peer", default="", help="an interpreter that has flufl.bounce; that of the peers if absent")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out")
    parser.add_argument("--looked-at", action="store_true", help="only the samples that are not kept back")
    wish = parser.parse_args()
    if wish.folder is not None:
        _folder(wish.folder)
        return
    everything = samples()
    seen = [sample for sample in everything if not sample.is_kept_back]
    result: dict[str, Any] = {"looked_at": judged(seen, "Samples the rules were made with")}
    if not wish.looked_at:
        kept = [sample for sample in everything if sample.is_kept_back]
        result["kept_back"] = judged(kept, "Samples kept back")
        began = time.process_time()
        for sample in everything:
            sort(sample.raw, known=sample.known)
        result["per_cpu_s"] = round(len(everything) / (time.process_time() - began))
        result["ours"] = ours(everything)
        if not wish.no_peer:
            from benchmarks.peers import python

            result["flufl_bounce"] = peer(everything, wish.peer or str(python()))
        print()
        for name in ("ours", "flufl_bounce"):
            print(f"{name}: {result.get(name)}")
    print(json.dumps(result))


def _folder(folder: Path) -> None:
    found: Counter[str] = Counter()
    for file in sorted(folder.rglob("*.eml")):
        kind = sort(file.read_bytes(), known=True)
        found[kind] += 1
        print(f"{kind:12} {file.relative_to(folder)}")
    print(json.dumps({"kinds": dict(found)}))


if __name__ == "__main__":
    main()
