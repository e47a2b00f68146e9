"""Mails prepared per second of CPU time: filled in, styles inlined, plain text, footer, the JSON for Microsoft Graph.

Beside it the obvious pipeline on the same templates and leads: Jinja, css-inline and html2text for each mail. It has
its template compiled once and writes the JSON as well, so it is what one gets who takes care; two usual ways that are
slower stand beside it: an `email.message` in place of the JSON, and the template compiled for each mail. It runs in an
environment of its own, alternately with ours; of each the best round counts, for on a busy machine the others measure
the neighbours. What all make is the same mail: subject, HTML with inlined styles and footer, plain text.

Each is one process on one core; time is that process's CPU time. Last line: one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backend_functions")]

from benchmarks.peers import python  # noqa: E402
from leadgen.mail.compose import compose  # noqa: E402
from leadgen.mail.footer import footer  # noqa: E402
from leadgen.mail.providers.graph import draft_json  # noqa: E402
from leadgen.mail.templates.variables import GETTERS  # noqa: E402
from leadgen.model.config import Settings  # noqa: E402
from leadgen.model.documents import LeadData, Template  # noqa: E402

STARTER = ROOT / "console" / "starter"
SETTINGS = Settings(
    sender_name="Ada Lovelace",
    company_name="Contoso Local",
    postal_address="1 Analytical Way, Austin, TX 78701, USA",
    signature_html="<p>Ada Lovelace<br><b>Contoso Local</b></p>",
)
WAYS = {
    "ours": "ours: Graph JSON",
    "json": "obvious: compiled once, Graph JSON",
    "mime": "obvious: compiled once, email.message",
    "from_string": "obvious: compiled for each mail, email.message",
}
KEY, URL, ACCOUNT = "k" * 44, "https://go.contoso.example", "ada@contoso.example"


def templates() -> list[Template]:
    """The starter templates."""
    listed = tomllib.loads((STARTER / "templates.toml").read_text(encoding="utf-8"))["template"]
    return [
        Template(
            template_id=entry["id"],
            template_name=entry["name"],
            base_subject=entry["subject"],
            base_body_html=(STARTER / entry["body"]).read_text(encoding="utf-8"),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for entry in listed
    ]


def leads(count: int, seed: int) -> list[LeadData]:
    """Made-up leads, some of whom little is known."""
    rng = random.Random(seed)
    trades = ("Plumbing", "Roofing", "Piano lessons", "House cleaning", "Tree service", "Moving")
    cities = ("austin", "reno", "denver", "san antonio")
    found = []
    for number in range(count):
        name = rng.choice(("Maria Lopez", "José Núñez", "Kim O'Neil", "Zoë & Co", "李 明"))
        full = rng.random() < 0.7
        found.append(
            LeadData(
                name=name if rng.random() < 0.8 else "",
                business_name=f"{name.split()[0]} {rng.choice(trades)} {number}" if full else "",
                email=f"lead{number}@business{number}.example",
                phone="+15125550142",
                category=rng.choice(trades) if full else "",
                city=rng.choice(cities),
                services_rendered=rng.sample(["Leak repair", "Water heaters", "Drains", "Gutters"], rng.randrange(4)),
                website_url=f"https://business{number}.example/" if rng.random() < 0.5 else "",
                opener="I saw in your ad that you also come on weekends, which few do." if full else "",
            )
        )
    return found


def ours(made_of: list[Template], people: list[LeadData], count: int) -> tuple[float, int]:
    """CPU seconds for so many mails, and the bytes they have."""
    size = 0
    start = time.process_time()
    for number in range(count):
        lead = people[number % len(people)]
        mail = compose(made_of[number % len(made_of)], lead, SETTINGS, account=ACCOUNT, token_key=KEY, public_url=URL)
        size += len(draft_json(mail, "0" * 32))
    return time.process_time() - start, size


def obvious(made_of: list[Template], people: list[LeadData], counts: dict[str, int]) -> dict[str, float]:
    """CPU seconds of the obvious pipeline for so many mails, by the way they are made."""
    work = {
        "templates": [{"subject": t.base_subject, "body": t.base_body_html} for t in made_of],
        "leads": [_values(lead) for lead in people],
        "ending": SETTINGS.signature_html + footer(SETTINGS, f"{URL}/unsubscribe?token={'x' * 60}").html,
        "counts": counts,
    }
    script = ROOT / "benchmarks" / "peers" / "mail_obvious.py"
    done = subprocess.run(
        [str(python()), str(script)], input=json.dumps(work), capture_output=True, text=True, check=True, timeout=600
    )
    return {way: float(seconds) for way, seconds in json.loads(done.stdout).items()}


def _values(lead: LeadData) -> dict[str, Any]:
    names = ("name", "businessName", "email", "category", "city", "opener", "services", "servicesRendered")
    more = ("greetingName", "websiteUrl", "senderName", "companyName")
    return {name: GETTERS[name](lead, SETTINGS) for name in (*names, *more)}


def main() -> None:
    """Measure both, in turn, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=6000, help="mails of ours per round")
    parser.add_argument("--obvious", type=int, default=400, help="mails of the obvious pipeline per round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    wish = parser.parse_args()
    made_of, people = templates(), leads(1000, wish.seed)
    ours(made_of, people, 30)  # compiles each version, once
    counts = {"json": wish.obvious, "mime": wish.obvious // 2, "from_string": wish.obvious // 4}
    fastest = dict.fromkeys(WAYS, 0.0)
    size = 0
    for number in range(1, wish.rounds + 1):
        seconds, size = ours(made_of, people, wish.mails)
        spent = obvious(made_of, people, counts)
        rates = {"ours": wish.mails / seconds} | {way: counts[way] / spent[way] for way in counts}
        fastest = {way: max(rate, rates[way]) for way, rate in fastest.items()}
        print(f"round {number}: " + "   ".join(f"{way} {rate:.0f}/s" for way, rate in rates.items()))
    print(f"\n{'pipeline':<60}{'mails per CPU second':>22}")
    for way, title in WAYS.items():
        print(f"{title:<60}{fastest[way]:>22.0f}")
    figures = {
        "per_cpu_s": round(fastest["ours"]),
        "obvious_per_cpu_s": round(fastest["json"]),
        "ratio": round(fastest["ours"] / fastest["json"], 1),
        "obvious_mime_per_cpu_s": round(fastest["mime"]),
        "obvious_from_string_per_cpu_s": round(fastest["from_string"]),
        "mails": wish.mails,
        "bytes_per_mail": round(size / wish.mails),
        "seed": wish.seed,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
