"""How much of labelled posts enrichment gets right, field by field: by rules alone, and with the stand-in model.

The posts are ``tests/data/enrichment/*.jsonl``: ads of many trades and cities, in nine languages, with disguised words,
no name, several names, and what looks like a name and is none. A third of them (``held_out``) was kept apart while the
rules were written. The stand-in is asked over HTTP through the real client, one call for each post, and its answers are
held to the facts as any model's are; it is a plain program, so its figures say what the way through the client costs,
not what a real model achieves. With LEADGEN_LLM_URL, _MODEL and _KEY set, ``--model`` asks that service instead (and
costs money). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "backend_functions")]

from leadgen.environment import read_environment  # noqa: E402
from leadgen.llm.asking import Asking, Task  # noqa: E402
from leadgen.llm.client import ModelClient  # noqa: E402
from leadgen.llm.failures import ModelError  # noqa: E402
from leadgen.llm.grounding import grounded  # noqa: E402
from leadgen.llm.providers import Provider, providers_of  # noqa: E402
from leadgen.llm.rules import enrich_by_rules  # noqa: E402
from leadgen.llm.schema import Enrichment  # noqa: E402
from leadgen.model.documents import LeadData  # noqa: E402
from local.model.app import build_app  # noqa: E402
from local.model.settings import DEFAULT_KEY, DEFAULT_MODEL, Settings  # noqa: E402
from local.serving import running  # noqa: E402
from tests.granting import Counter  # noqa: E402
from tests.marking import COLLECTIONS, FIELDS, Labelled, Tally, labelled, mark  # noqa: E402

Reader = Callable[[LeadData], Enrichment]


@contextmanager
def asked_provider(real: bool) -> Iterator[Provider]:
    """The stand-in, or the service the environment names."""
    if real:
        found = providers_of(read_environment())
        if not found:
            raise SystemExit("Set LEADGEN_LLM_URL, LEADGEN_LLM_MODEL and LEADGEN_LLM_KEY.")
        yield found[0]
        return
    with tempfile.TemporaryDirectory() as folder, running(build_app(Settings(Path(folder)))) as base:
        client = ModelClient(f"{base}/v1", DEFAULT_KEY, DEFAULT_MODEL)
        yield Provider("stand-in", client)
        client.close()


def by_model(provider: Provider, counts: dict[str, int], *, hold: bool = True) -> Reader:
    """Enrichment by one call to a model each; by the rules where it fails.

    Args:
        provider: who is asked.
        counts: is told calls, answers that were of no use, and fields that gave way to the rules.
        hold: whether answers are held to the facts.
    """
    asking = Asking(Counter(100_000), [provider])

    def read(lead: LeadData) -> Enrichment:
        measured, task = enrich_by_rules(lead), Task(0, lead, None, "")
        counts["calls"] += 1
        try:
            answer, _ = asking.ask(task, provider, asking.grants(provider, [task]).slots[0])
        except ModelError:
            counts["failed"] += 1
            return measured
        kept = grounded(answer.enrichment, lead, measured)
        told = answer.enrichment.model_dump()
        counts["replaced"] += sum(value != told[name] and bool(told[name]) for name, value in kept.model_dump().items())
        return kept if hold else answer.enrichment

    return read


def row(name: str, tallies: dict[str, Tally]) -> str:
    """One line of the table."""
    return f"{name:<30}" + "".join(f"{tallies[field].share:>13.3f}" for field in FIELDS)


def shares(tallies: dict[str, Tally]) -> dict[str, float]:
    """The figures for the last line."""
    return {field: round(tally.share, 3) for field, tally in tallies.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", choices=[*COLLECTIONS, "all"], default="all")
    parser.add_argument("--model", action="store_true", help="ask the service the environment names (costs money)")
    parser.add_argument("--wrong", action="store_true", help="say what the rules got wrong")
    arguments = parser.parse_args()
    names = COLLECTIONS if arguments.collection == "all" else (arguments.collection,)
    result: dict[str, object] = {}
    print(f"{'':<30}" + "".join(f"{field:>13}" for field in FIELDS))

    def say(field: str, post: Labelled, got: object) -> None:
        if arguments.wrong:
            print(f"  {field}: {post.lead.title!r}: {got!r}")

    with asked_provider(arguments.model) as provider:
        for name in names:
            posts = labelled(name)
            counts = {"calls": 0, "failed": 0, "replaced": 0}
            begun = time.process_time()
            rules = mark(posts, enrich_by_rules, say)
            each = (time.process_time() - begun) / len(posts)
            raw = mark(posts, by_model(provider, {"calls": 0, "failed": 0, "replaced": 0}, hold=False))
            model = mark(posts, by_model(provider, counts))
            print(row(f"{name}: rules ({len(posts)})", rules))
            print(row(f"{name}: {provider.name}, as answered", raw))
            print(row(f"{name}: {provider.name}, held to facts", model))
            result[name] = {
                "posts": len(posts), "rules": shares(rules), "model_as_answered": shares(raw), "model": shares(model),
                "rules_ms_per_post": round(each * 1000, 1), **counts,
            }  # fmt: skip
    print("servicesMadeUp: share of the services named that are none (less is better)")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
