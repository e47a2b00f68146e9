"""`leadgen extract`: what is found in saved pages, texts, mails and at addresses; one page never costs the others."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from console.cli.app import app
from local.serving import running

KEYS = ["path", "title", "phones", "emails", "jsonLd", "websites", "images"]
PAGE = """<!doctype html><meta charset="{charset}"><title>Café Acme</title>
<script type="application/ld+json">{{"@type": "Restaurant", "name": "Acme"}}</script>
<p>Llámenos: 512-555-0134, <a href="mailto:hola@cafe-acme.com">escríbanos</a>
<a href="https://www.other-site.com/">friends</a><img src="https://cafe-acme.com/a.jpg">"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No local stack, and no host of this machine may be read."""
    monkeypatch.setenv("LEADGEN_STACK_DIR", str(tmp_path / "no-stack"))
    monkeypatch.setenv("LEADGEN_LOCAL_HOSTS", "127.0.0.1:1")


def leadgen(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["extract", *map(str, arguments)], input=stdin)


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def page(folder: Path, name: str, charset: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PAGE.format(charset=charset).encode(charset))
    return path


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
def test_a_saved_page_gives_one_object_whatever_its_charset(tmp_path: Path, charset: str) -> None:
    path = page(tmp_path, "a.html", charset)
    result = leadgen(path)
    [found] = records(result)
    assert result.exit_code == 0
    assert list(found) == KEYS
    assert (found["path"], found["title"]) == (str(path), "Café Acme")
    [phone] = found["phones"]
    assert list(phone) == ["e164", "text", "confidence"]
    assert (phone["e164"], phone["text"]) == ("+15125550134", "512-555-0134")
    [email] = found["emails"]
    assert list(email) == ["address", "kind", "text"]
    assert (email["address"], email["kind"]) == ("hola@cafe-acme.com", "mailto")
    assert found["jsonLd"] == [{"@type": "Restaurant", "name": "Acme"}]
    assert found["websites"] == ["https://www.other-site.com/"]
    assert found["images"] == ["https://cafe-acme.com/a.jpg"]


def test_a_folder_is_read_to_its_depth_in_order_and_only_pages_count(tmp_path: Path) -> None:
    names = ["a.html", "b/c.HTM", "b/d/e.xhtml", "f.txt", "z.mhtml"]
    for name in names:
        page(tmp_path, name)
    page(tmp_path, "picture.png")
    assert [record["path"] for record in records(leadgen(tmp_path))] == [
        str(tmp_path / name) for name in ("a.html", "f.txt", "z.mhtml", "b/c.HTM", "b/d/e.xhtml")
    ]


def test_what_can_not_be_read_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    page(tmp_path, "1.html")
    (tmp_path / "2.html").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "3.html").write_bytes(os.urandom(64) + b"\x00" * 64)
    (tmp_path / "4.html").write_bytes(gzip.compress(b"<p>512-555-0134"))
    (tmp_path / "5.html").symlink_to(tmp_path / "nowhere")
    (tmp_path / "6.html").write_bytes(b"")
    page(tmp_path, "7.html")
    result = leadgen(tmp_path, tmp_path / "missing.html")
    found = records(result)
    assert result.exit_code == 1
    assert ["error" in record for record in found] == [False, True, True, True, True, False, False, True]
    assert all(list(record)[: len(KEYS)] == KEYS for record in found)
    assert "PDF" in found[1]["error"]
    assert "no such file" in found[7]["error"]
    assert "8 pages, of which 5 could not be read" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    page(tmp_path, "a.html").chmod(0)
    [found] = records(leadgen(tmp_path))
    assert "permission" in found["error"]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    result = leadgen(tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no page to read" in result.stderr


def test_standard_input_is_a_page_or_a_text() -> None:
    [text] = records(leadgen("-", stdin=b"Ring 512-555-0134\nJoe <joe@acme.com>"))
    assert (text["path"], text["title"]) == ("-", "Ring 512-555-0134")
    assert text["emails"][0]["address"] == "joe@acme.com"
    [html] = records(leadgen("-", stdin=b"<p>512-<b>555</b>-0134</p>"))
    assert html["phones"][0]["e164"] == "+15125550134"


def test_the_region_decides_what_a_number_without_country_code_is() -> None:
    number = b"Ring us on 020 7946 0958 any time"
    [british] = records(leadgen("-", "--region", "gb", stdin=number))
    assert [phone["e164"] for phone in british["phones"]] == ["+442079460958"]
    [american] = records(leadgen("-", stdin=number))
    assert [phone["e164"] for phone in american["phones"]] != ["+442079460958"]
    assert leadgen("-", "--region", "Britain", stdin=number).exit_code == 2


def test_saved_mails_and_web_archives(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Your quote"
    mail["From"] = "Joe <joe@acme.com>"
    mail.set_content("Call me: 512-555-0134")
    (tmp_path / "a.eml").write_bytes(bytes(mail))
    archive = EmailMessage()
    archive["Subject"] = "Acme"
    archive["Snapshot-Content-Location"] = "https://acme-plumbing.com/contact"
    archive.set_content("see the page")
    archive.add_alternative('<title>x</title><p>office@acme-plumbing.com <img src="/a.jpg">', subtype="html")
    (tmp_path / "b.mhtml").write_bytes(bytes(archive))
    (tmp_path / "c.eml").write_bytes(b"\xff\xfe not: a mail\r\n\r\n" + bytes(range(256)))
    first, second, _ = records(leadgen(tmp_path))
    assert first["title"] == "Your quote"
    assert [phone["e164"] for phone in first["phones"]] == ["+15125550134"]
    assert second["emails"][0]["address"] == "office@acme-plumbing.com"
    assert second["images"] == ["https://acme-plumbing.com/a.jpg"]


def test_several_processes_give_the_same_in_the_same_order(tmp_path: Path) -> None:
    for number in range(40):
        page(tmp_path, f"{number:02}.html")
    (tmp_path / "20.html").write_bytes(b"\x89PNG")
    alone, together = leadgen(tmp_path, "-", "--jobs", "1"), leadgen(tmp_path, "-", "--jobs", "2")
    assert records(alone) == records(together)
    assert len(records(together)) == 41
    assert (alone.exit_code, together.exit_code) == (1, 1)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    async def answer(request: web.Request) -> web.Response:
        match request.path:
            case "/robots.txt":
                return web.Response(text="User-agent: *\nDisallow: /closed")
            case "/page":
                return web.Response(text=PAGE.format(charset="utf-8"), content_type="text/html")
            case "/text":
                return web.Response(text="Joe <joe@acme.com> <b>", content_type="text/plain")
            case "/inside":
                raise web.HTTPFound("http://169.254.169.254/")
        raise web.HTTPNotFound

    served = web.Application()
    served.router.add_get("/{path:.*}", answer)
    with running(served) as url:
        monkeypatch.setenv("LEADGEN_LOCAL_HOSTS", urlsplit(url).netloc)
        yield url


def test_addresses_are_read_politely_and_guarded(host: str) -> None:
    paths = ["page", "text", "closed", "missing", "inside"]
    result = leadgen(*(f"{host}/{path}" for path in paths), "http://10.0.0.1/")
    whole, text, *errors = records(result)
    assert whole["path"] == f"{host}/page"
    assert whole["emails"][0]["address"] == "hola@cafe-acme.com"
    assert text["emails"][0]["address"] == "joe@acme.com"
    assert [list(record) for record in errors] == [[*KEYS, "error"]] * 4
    said = [record["error"] for record in errors]
    assert "robots.txt" in said[0]
    assert "404" in said[1]
    assert "public internet" in said[2]
    assert "public internet" in said[3]
    assert result.exit_code == 1


def test_a_strangers_letters_can_neither_steer_a_terminal_nor_break_the_output(tmp_path: Path) -> None:
    hostile = "<title>\x1b]0;owned\x07 [bold red]x[/] \u202eevil \ud83d</title><p>a\x9b31m"
    (tmp_path / "a.html").write_bytes(hostile.encode("utf-8", "surrogatepass"))
    result = leadgen(tmp_path)
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout
    assert records(result)[0]["title"].startswith("]0;owned [bold red]x[/]")


def test_a_program_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    for number in range(50):
        page(tmp_path, f"{number}.html")
    command = [sys.executable, "-c", "from console.cli import main; main()", "extract", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
