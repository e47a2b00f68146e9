"""Reads source definitions from files and says all that is wrong with them at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from pydantic import ValidationError

from leadgen.harvest.sources.source import City, Source
from leadgen.harvest.sources.tables import CityTable, File
from leadgen.harvest.sources.wording import invalid, problem, shown
from leadgen.model.errors import FieldProblem, InvalidInput

LARGEST_FILE = 1_000_000
"""Bytes of one definition."""


def load_sources(folder: Path) -> tuple[Source, ...]:
    """Read all source definitions (`*.toml`) of a folder, in the order of their file names.

    Args:
        folder: the folder; one without definitions gives an empty tuple.

    Raises:
        InvalidInput: there is no such folder, or a definition is not as it must be; every wrong value is named with
            its file, key and what is allowed.
    """
    sources, problems = read_folder(folder)
    if problems:
        raise invalid(list(problems))
    return sources


def read_folder(folder: Path) -> tuple[tuple[Source, ...], tuple[FieldProblem, ...]]:
    """Read all source definitions of a folder: those that are as they must be, and what is wrong with the others.

    Raises:
        InvalidInput: there is no such folder.
    """
    if not folder.is_dir():
        raise InvalidInput(
            f"There is no folder of source definitions at {folder}.",
            hint="Set LEADGEN_SOURCES to a folder that holds *.toml files.",
        )
    sources: list[Source] = []
    problems: list[FieldProblem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            source = read_source(path)
        except InvalidInput as error:
            problems.extend(error.fields)
            continue
        if any(source.id == other.id for other in sources):
            problems.append(FieldProblem(f"{path.name}: source.id", source.id, "an id no other definition has"))
        else:
            sources.append(source)
    return tuple(sources), tuple(problems)


def read_source(path: Path) -> Source:
    """Read one definition file.

    Raises:
        InvalidInput: it can't be read, or is not as it must be.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise invalid([FieldProblem(path.name, "(too large)", f"a file of at most {LARGEST_FILE} bytes")])
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise invalid([FieldProblem(path.name, shown(error), "a readable TOML file (UTF-8)")]) from error
    return read_definition(path.name, content)


def read_definition(file: str, content: Mapping[str, Any]) -> Source:
    """Make a source of a parsed definition.

    Args:
        file: name of the file, for messages.
        content: what the TOML file says.

    Raises:
        InvalidInput: it is not as it must be; every wrong value is named with its file, key and what is allowed.
    """
    try:
        parsed = File.model_validate(dict(content))
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise invalid([problem(file, content, dict(one)) for one in found]) from error
    except RecursionError as error:
        raise invalid([FieldProblem(file, "(nested too deep)", "tables as docs/sources.md describes them")]) from error
    problems = [
        FieldProblem(
            f"{file}: cities.{key}.timezone", "(missing)", "a timezone here, or source.timezone for all cities"
        )
        for key, city in parsed.cities.items()
        if not (city.timezone or parsed.source.timezone)
    ]
    if problems:
        raise invalid(problems)
    return _source(file, parsed)


def _source(file: str, parsed: File) -> Source:
    site = parsed.source
    return Source(
        **site.model_dump(exclude={"timezone"}),
        policy=parsed.policy,
        listing=parsed.listing,
        post=parsed.post,
        cities=tuple(_city(parsed, key, city) for key, city in parsed.cities.items()),
        file=file,
    )


def _city(parsed: File, key: str, city: CityTable) -> City:
    url, _, _ = urljoin(parsed.source.base_url, city.listing_url).partition("#")
    label = city.label or key.replace("-", " ").replace("_", " ").title()
    return City(key, label, url, city.timezone or parsed.source.timezone or "", city.region or "")
