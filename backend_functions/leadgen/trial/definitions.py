"""The source definitions of a folder: the valid ones with what they say, the others with what is wrong in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from leadgen.harvest.sources import Source, advise
from leadgen.harvest.sources.loading import read_folder
from leadgen.model.errors import FieldProblem


@dataclass(frozen=True)
class Definitions:
    """What a folder holds.

    Args:
        folder: where it is.
        sources: the valid definitions, in the order of their file names.
        problems: what is wrong with the others.
        advice: what is allowed in the valid ones and probably not meant.
    """

    folder: Path
    sources: tuple[Source, ...] = ()
    problems: tuple[FieldProblem, ...] = ()
    advice: tuple[FieldProblem, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "folder": str(self.folder),
            "sources": [source_facts(source) for source in self.sources],
            "invalid": [problem_facts(problem) for problem in self.problems],
            "advice": [problem_facts(problem) for problem in self.advice],
        }


def read_definitions(folder: Path, today: date) -> Definitions:
    """Read every definition (`*.toml`) of a folder, whatever is wrong with some of them.

    Args:
        folder: the folder.
        today: the present date, for advice.

    Raises:
        InvalidInput: there is no such folder.
    """
    sources, problems = read_folder(folder)
    advice = tuple(one for source in sources for one in advise(source, today))
    return Definitions(folder, sources, problems, advice)


def source_facts(source: Source) -> dict[str, Any]:
    """What a definition says, as plain values."""
    policy = source.policy
    return {
        "id": source.id,
        "name": source.name,
        "file": source.file,
        "baseUrl": source.base_url,
        "cities": [city.key for city in source.cities],
        "acknowledged": source.is_acknowledged,
        "acknowledgedBy": policy.acknowledged_by or None,
        "acknowledgedOn": policy.acknowledged_on.isoformat() if policy.acknowledged_on else None,
        "mayEmail": policy.may_email,
        "region": source.region,
        "concurrency": source.concurrency,
        "delaySeconds": source.delay_seconds,
        "maxPages": source.max_pages,
    }


def problem_facts(problem: FieldProblem) -> dict[str, str]:
    """A problem with its file and key apart; a file that can't be read at all has no key."""
    file, _, key = problem.field.partition(": ")
    return {"file": file, "key": key, "value": problem.value, "allowed": problem.allowed}
