"""`leadgen sources`: what definitions there are, and what one finds on a live listing, for people and for machines."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from console.cli.app import app
from local.classifieds.app import Settings, build_app
from local.classifieds.generator import generate_city
from local.classifieds.places import CITIES
from local.classifieds.source import source_toml
from local.classifieds.truth import city_truth
from local.serving import running

POSTS = 60
KEYS = [
    "url", "title", "body", "phones", "emails", "images", "imageHash", "gate", "contactUrl", "jsonLd", "duplicateOf",
    "error",
]  # fmt: skip
TODAY = date(2026, 3, 3)


async def _no_wait(seconds: float) -> None:
    del seconds


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with running(build_app(Settings(posts_per_city=POSTS, sleep=_no_wait))) as url:
        yield url


@pytest.fixture
def folder(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the demo's definition, which the environment names."""
    monkeypatch.setenv("LEADGEN_SOURCES", str(tmp_path))
    monkeypatch.setenv("LEADGEN_LOCAL_HOSTS", urlsplit(site).netloc)
    monkeypatch.setenv("LEADGEN_STACK_DIR", str(tmp_path / "no-stack"))
    (tmp_path / "demo.toml").write_text(source_toml(site, TODAY), encoding="utf-8")
    return tmp_path


def leadgen(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["sources", *map(str, arguments)])


def changed(folder: Path, *changes: tuple[str, str], name: str = "changed.toml") -> Path:
    text = (folder / "demo.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


# list


def test_a_list_says_of_each_source_what_an_operator_must_know(folder: Path) -> None:
    result = leadgen("list", "--json")
    assert result.exit_code == 0
    [demo] = json.loads(result.stdout)["sources"]
    assert (demo["id"], demo["name"], demo["file"]) == ("demo", "Demo classifieds", "demo.toml")
    assert demo["cities"] == list(CITIES)
    assert (demo["acknowledgedBy"], demo["acknowledgedOn"], demo["mayEmail"]) == ("leadgen demo", "2026-03-03", True)
    assert (demo["region"], demo["concurrency"], demo["delaySeconds"]) == ("US", 8, 0.0)
    shown = leadgen("list")
    assert "demo " in shown.stdout
    assert "2026-03-03" in shown.stdout


def test_invalid_definitions_are_listed_beside_the_valid_ones_and_the_exit_code_says_so(folder: Path) -> None:
    changed(folder, ("concurrency = 8", "concurrency = 99"), ('id = "demo"', 'id = "other"'), name="a.toml")
    (folder / "b.toml").write_text("[source\n", encoding="utf-8")
    (folder / "c.toml").write_bytes(b"\xff\xfe\x00")
    changed(folder, name="z.toml")
    result = leadgen("list", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [source["id"] for source in found["sources"]] == ["demo"]
    invalid = {problem["file"]: problem for problem in found["invalid"]}
    assert set(invalid) == {"a.toml", "b.toml", "c.toml", "z.toml"}
    assert (invalid["a.toml"]["key"], invalid["a.toml"]["value"]) == ("source.concurrency", "99")
    assert "16" in invalid["a.toml"]["allowed"]
    assert invalid["z.toml"]["key"] == "source.id"
    shown = leadgen("list")
    assert shown.exit_code == 1
    assert "a.toml: source.concurrency is 99" in shown.stderr


def test_a_source_nobody_acknowledged_is_shown_as_one_that_harvests_nothing(folder: Path) -> None:
    changed(folder, ("acknowledged_on = 2026-03-03", ""), name="demo.toml")
    assert "nobody:" in leadgen("list").stdout
    [demo] = json.loads(leadgen("list", "--json").stdout)["sources"]
    assert (demo["acknowledged"], demo["acknowledgedOn"]) == (False, None)


def test_a_folder_that_is_not_there_is_a_clear_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADGEN_SOURCES", str(folder / "nowhere"))
    result = leadgen("list")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr
    assert "LEADGEN_SOURCES" in result.stderr


def test_a_folder_without_definitions_is_no_error(folder: Path) -> None:
    (folder / "demo.toml").unlink()
    assert leadgen("list").exit_code == 0
    assert json.loads(leadgen("list", "--json").stdout)["sources"] == []


# check


def test_every_post_of_the_listing_becomes_one_object_that_is_right(folder: Path, site: str) -> None:
    result = leadgen("check", folder / "demo.toml", "--city", "Dallas", "--limit", "500")
    truth = city_truth(generate_city(7, CITIES["dallas"], POSTS), 7)
    found = {record["url"]: record for record in records(result)}
    assert set(found) == {site + post.path for post in truth.posts}
    first: dict[str | None, str] = {}
    for post in truth.posts:
        record = found[site + post.path]
        assert list(record) == KEYS
        assert (record["error"] is None) is post.is_fetchable
        if not post.is_fetchable:
            continue
        assert {phone["e164"] for phone in record["phones"] if phone["confidence"] >= 0.5} == post.phones
        assert all(list(phone) == ["e164", "text", "confidence"] for phone in record["phones"])
        assert set(record["emails"]) == post.emails
        assert (record["gate"] == "captcha") is (record["contactUrl"] is not None)
        first.setdefault(post.advertiser, record["url"])
    authors = {site + post.path: post.advertiser for post in truth.posts if post.is_fetchable}
    groups = [url for url, author in authors.items() if author is not None]
    repeats = len(groups) - len({authors[url] for url in groups})
    marked = [record for record in found.values() if record["duplicateOf"]]
    assert len(marked) == repeats
    assert all(authors[record["url"]] == authors[record["duplicateOf"]] for record in marked)
    assert result.exit_code == 5
    assert f"{POSTS} posts of 3 listing pages" in result.stderr
    assert "4 failed" in result.stderr


def test_pictures_and_structured_data_are_told(folder: Path, site: str) -> None:
    found = records(leadgen("check", folder / "demo.toml", "--limit", "60"))
    pictured = [record for record in found if record["imageHash"]]
    assert pictured
    assert all(re.fullmatch(r"[0-9a-f]{16}", record["imageHash"]) for record in pictured)
    assert all(url.startswith(f"{site}/images/") for record in pictured for url in record["images"])
    things = [thing for record in found for thing in record["jsonLd"]]
    assert {thing["@type"] for thing in things} <= {"LocalBusiness", "Person"}
    assert things


def test_no_more_posts_are_read_than_asked_for(folder: Path) -> None:
    result = leadgen("check", folder / "demo.toml", "--limit", "3")
    assert len(records(result)) == 3
    assert "3 posts of 1 listing page:" in result.stderr
    assert result.exit_code in (0, 5)


def test_a_source_nobody_acknowledged_is_not_read_at_all(folder: Path, site: str) -> None:
    before = hits(site)
    result = leadgen("check", changed(folder, ('acknowledged_by = "leadgen demo"', "")))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "acknowledged_by" in result.stderr
    assert "changed.toml" in result.stderr
    assert hits(site) == before


def hits(site: str) -> int:
    import httpx

    return int(httpx.get(f"{site}/_standin/hits", trust_env=False).json()["total"])


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("li.result a.post-link", "li.nothing a"), 1, "No post was found"),
        (("/austin/services", "/nowhere/services"), 1, "the site answered 404"),
        (("concurrency = 8", "concurrency = 0"), 1, "source.concurrency is 0"),
        (("post_link", "post_lonk"), 1, "listing.post_lonk"),
        (("section#posting-body", "section#gone"), 0, "post.body found nothing in 2 of 2 posts"),
        (("[source]", "[source"), 1, "a readable TOML file"),
    ],
)
def test_what_is_wrong_with_a_definition_is_said(folder: Path, change: tuple[str, str], code: int, words: str) -> None:
    result = leadgen("check", changed(folder, change), "--limit", "2", "--json")
    assert words in result.stderr
    assert result.exit_code == code
    for line in result.stdout.splitlines():
        assert list(json.loads(line)) == KEYS


def test_a_dead_host_is_told_and_not_waited_for(folder: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{one.getsockname()[1]}"
    monkeypatch.setenv("LEADGEN_LOCAL_HOSTS", dead)
    result = leadgen("check", changed(folder, (urlsplit(site).netloc, dead)))
    assert result.exit_code == 1
    assert "The listing can't be read" in result.stderr


def test_this_machine_is_not_read_unless_the_environment_says_so(
    folder: Path, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADGEN_LOCAL_HOSTS", "127.0.0.1:1")
    before = hits(site)
    result = leadgen("check", folder / "demo.toml")
    assert result.exit_code == 1
    assert "not an address on the public internet" in result.stderr
    assert hits(site) == before


@pytest.mark.parametrize(("arguments", "code"), [(("--city", "paris"), 1), (("--limit", "0"), 2)])
def test_wrong_usage_is_told_apart(folder: Path, arguments: tuple[str, str], code: int) -> None:
    assert leadgen("check", folder / "demo.toml", *arguments).exit_code == code


def test_a_file_that_is_not_there_is_wrong_usage(folder: Path) -> None:
    assert leadgen("check", folder / "nothing.toml").exit_code == 2


# as a program


def program(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from console.cli import main; main()", "sources", *map(str, arguments)]
    return subprocess.Popen(command, **options)


def test_at_a_terminal_there_is_a_table_and_no_strangers_escape(folder: Path) -> None:
    master, slave = pty.openpty()
    process = program("check", folder / "demo.toml", "--limit", "40", stdout=slave, stderr=slave)
    os.close(slave)
    shown = _read_all(master)
    os.close(master)
    assert process.wait(timeout=30) in (0, 5)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "Posts of Austin, TX" in plain
    assert "+1512" in plain or "+1737" in plain
    assert "40 posts of 2 listing pages" in plain
    assert '{"url"' not in plain
    assert "\x1b" not in plain


def test_ctrl_c_ends_in_order_with_a_summary(folder: Path) -> None:
    slow = changed(folder, ("delay_seconds = 0.0", "delay_seconds = 30.0"))
    process = program("check", slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"Checking demo" in process.stderr.readline()
    time.sleep(0.5)  # the listing is being read, or its first post waited for
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=15)
    assert process.returncode == 130
    assert b"Interrupted after" in told
    assert b"Traceback" not in told


def test_a_reader_that_has_had_enough_is_no_error(folder: Path) -> None:
    process = program("check", folder / "demo.toml", "--limit", "60", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    assert process.wait(timeout=30) in (0, 5)
    assert b"Error" not in told
    assert b"Traceback" not in told
    process.stderr.close()


def _read_all(master: int) -> str:
    content = b""
    while select.select([master], [], [], 30)[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        content += piece
    return content.decode("utf-8", "replace")
