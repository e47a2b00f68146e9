"""The page about enrichment says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from leadgen.environment import Environment
from leadgen.llm import breaker, cache, client, website
from leadgen.llm.openers import LINES
from leadgen.llm.prompt import BODY_LENGTH, PROMPT_VERSION, TITLE_LENGTH
from leadgen.llm.schema import CATEGORIES, MAX_SERVICES
from leadgen.llm.spending import MOST_CAMPAIGNS
from leadgen.model.documents import LeadData
from leadgen.pipeline.enrichment import LONGEST_WAIT
from tests.marking import DATA, labelled

PAGE = (Path(__file__).parents[2] / "docs" / "enrichment.md").read_text(encoding="utf-8")
FLAT = re.sub(r"\s+", " ", PAGE)


def test_the_categories_are_those_of_the_code() -> None:
    listed = PAGE.partition("### Categories\n")[2].partition("\n## ")[0]
    assert [name.strip() for name in re.sub(r"\s+", " ", listed).split("·")] == list(CATEGORIES)


def test_every_setting_of_the_model_is_named_and_no_other() -> None:
    known = {f"LEADGEN_{one.name.upper()}" for one in fields(Environment) if one.name.startswith("llm_")}
    assert set(re.findall(r"LEADGEN_LLM\w*", PAGE)) == known


def test_every_field_is_one_of_the_lead() -> None:
    table = PAGE.partition("| field |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*)\|", table, re.MULTILINE)))
    aliases = {field.alias for field in LeadData.model_fields.values()}
    assert set(named) <= aliases
    assert len(named) == 10


def test_its_figures_are_those_of_the_code() -> None:
    hostile = len((DATA / "hostile.jsonl").read_text(encoding="utf-8").splitlines())
    for said in (
        f"up to {MAX_SERVICES} services",
        f"/{PROMPT_VERSION}`",
        f"after {breaker.OPENS_AFTER} failures in a row",
        f"left alone for {breaker.FIRST_REST_S:g} s",
        f"up to {breaker.LONGEST_REST_S / 60:g} minutes",
        f"kept for {cache.KEPT.days} days",
        f"title ({TITLE_LENGTH} characters) and text ({BODY_LENGTH:,})",
        f"{client.MAX_TOKENS} tokens of answer",
        f"no answer in {client.TIMEOUT_S:g} s",
        f"within {website.MODEL_LEEWAY} of the measured one",
        f"the first {MOST_CAMPAIGNS} by name",
        f"holds {hostile} posts",
        f"{len(labelled())} labelled posts",
    ):
        assert said in FLAT, said
    assert LONGEST_WAIT.total_seconds() == 6 * 3600
    assert "after six hours" in FLAT
    assert len(LINES) == 9
    assert "nine languages" in FLAT
