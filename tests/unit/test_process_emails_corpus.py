"""On two labelled collections, one of them held out, addresses are found and none is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadgen.process.document import Document, Page
from leadgen.process.domains import read_domain
from leadgen.process.emails import MAX_EMAILS, find_emails, plain_addresses
from leadgen.process.script_text import MAX_STEPS, MAX_STRING, _Reader, read_script
from leadgen.process.spelt_emails import MAX_SPELT, read_spelt
from leadgen.process.unscramble import readings, shifted

DATA = Path(__file__).parent.parent / "data" / "emails"


def found(html: str) -> set[str]:
    document = Page(f"<html><body>{html}</body></html>").document()
    return {email.address.lower() for email in find_emails(document)}


@pytest.mark.parametrize("name", ["seen", "held_out"])
def test_recall_and_precision(name: str) -> None:
    right = missed = wrong = 0
    odd: list[str] = []
    for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        wanted, got = {address.lower() for address in case["emails"]}, found(case["html"])
        right, missed, wrong = right + len(wanted & got), missed + len(wanted - got), wrong + len(got - wanted)
        odd += [case["html"]] if wanted != got else []
    assert right / (right + missed) >= 0.98, odd
    assert right / (right + wrong) >= 0.99, odd


def test_the_collections_are_large_and_hard() -> None:
    cases = [
        json.loads(line) for name in ("seen", "held_out") for line in (DATA / f"{name}.jsonl").open(encoding="utf-8")
    ]
    assert len(cases) >= 400
    assert sum(not case["emails"] for case in cases) >= 120


def test_the_text_is_given_as_it_was_written() -> None:
    for written in ("jo\u200be＠acme．com", "joe [at] acme\u00a0(dot) com", "J O E".lower() + "x@acme.com"):
        document = Document(text=f"Write to {written}, please")
        assert [email.text in document.text for email in find_emails(document)] == [True], written


@pytest.mark.parametrize(
    ("address", "is_role"), [("info@acme.com", True), ("Sales+x@acme.com", True), ("joe@acme.com", False)]
)
def test_desks_are_told_from_people(address: str, is_role: bool) -> None:
    assert [email.is_role for email in find_emails(Document(text=address))] == [is_role]


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("acme.com.Call us", "acme.com"),
        ("acme.comCall us", "acme.com"),
        ("acme.com512-555", "acme.com"),
        ("qq.com欢迎", "qq.com"),
        ("acme.co.uk/x", "acme.co.uk"),
        ("service.So call", None),
        ("gmail.com.ttf", None),
        ("acme.notatld", None),
        ("1.2.3", None),
    ],
)
def test_where_a_domain_ends_in_running_text(written: str, domain: str | None) -> None:
    found = read_domain(written, 0)
    assert (found[0] if found else None) == domain


def test_relays_of_well_known_sites_are_known_without_being_declared() -> None:
    kinds = [email.kind for email in find_emails(Document(text="abc-123@serv.craigslist.org joe@acme.com"))]
    assert kinds == ["relay", "text"]


def test_what_a_script_only_knows_is_not_shown() -> None:
    assert found("<script>var cfg = {mail: 'help@widget.com'}; send('a@widget.com')</script>") == set()
    assert found("<script>document.write('help@widget.com')</script>") == {"help@widget.com"}


def test_contact_data_of_the_head_counts_on_a_page_of_its_own_and_not_on_a_post() -> None:
    head = '<meta property="business:contact_data:email" content="joe@acme.com">'
    page = Page(f"<head>{head}</head><body><div id=post>text</div></body>")
    assert [email.address for email in find_emails(page.document())] == ["joe@acme.com"]
    assert find_emails(page.document("#post")) == []


def test_what_fades_in_is_seen_and_what_is_hidden_is_not() -> None:
    assert found('<p style="opacity:0;transform:translateY(20px)">joe@acme.com</p>') == {"joe@acme.com"}
    assert found("<style>.reveal{opacity:0}</style><p class=reveal>joe@acme.com</p>") == {"joe@acme.com"}
    assert found('<p style="opacity:0">joe@acme.com</p>') == set()


def test_scripts_are_read_and_never_run_on() -> None:
    made, calls = read_script("var a='x'; a += 'y' + `${a}`; mail('u', 'h.com')")
    assert made[0].text == "x"
    assert "xyx" in [entry.text for entry in made if entry.parts > 1]
    assert [(call.name, call.arguments) for call in calls] == [("mail", ("u", "h.com"))]
    made, _ = read_script("a='@';" + "a=a+a+a;" * 3_000)
    assert max(len(entry.text) for entry in made) <= MAX_STRING * 3


@pytest.mark.parametrize("unit", ["(", "[(", "'a'+", "('a'.split('')", "a.replace(/x/,", "String.fromCharCode(64,"])
def test_the_steps_of_reading_a_script_grow_with_its_length_only(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[_Reader] = []
    made = _Reader.__init__

    def kept(self: _Reader, *args: object, **named: object) -> None:
        made(self, *args, **named)  # type: ignore[arg-type]
        readers.append(self)

    monkeypatch.setattr(_Reader, "__init__", kept)
    read_script(unit * (20_000 // len(unit)))
    assert readers[0].steps <= MAX_STEPS + 1_000


@given(st.text(max_size=400))
@example("javascript:linkTo_UnCryptMailto('nbjmup+')")
@settings(max_examples=150)
def test_any_text_anywhere_is_read(text: str) -> None:
    html = f'<p>{text}</p><script>{text}</script><a href="mailto:{text}" onclick="{text}" data-mail="{text}">x</a>'
    emails = find_emails(Page(html).document())
    assert len(emails) <= MAX_EMAILS
    for email in emails:
        assert email.address.count("@") == 1
        assert len(email.text) <= 320
    list(readings(text))
    shifted(text)


_PIECES = st.sampled_from(
    [
        "joe",
        "@",
        " at ",
        "(at)",
        "acme",
        ".",
        " dot ",
        "com",
        " ",
        "\n",
        "gmail",
        "x",
        "-",
        "_",
        "[",
        "]",
        "mail: ",
        "'",
        "😀",
    ]
)


@given(st.lists(_PIECES, max_size=60).map("".join))
@settings(max_examples=300)
def test_what_is_found_in_a_text_stands_in_it(text: str) -> None:
    for email in find_emails(Document(text=text)):
        assert email.text in text
        if email.kind == "text":
            assert email.address in email.text.lower()


@pytest.mark.parametrize(
    "unit", ["a at b dot ", "mail: a at b c ", "a@", "b-@-", "b o b @ a ", "(at)", " at gmail", "a@b.co "]
)
def test_a_long_text_gives_few(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert len(list(read_spelt(text))) <= MAX_SPELT
    assert len(find_emails(Document(text=text))) <= MAX_EMAILS
    assert len(plain_addresses(text)) <= 2_000
