"""Reading a Gmail mailbox against the stand-in: listing, history, starting over; and links that Graph may not name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from leadgen.mail.inbox.gmail import GmailInbox
from leadgen.mail.inbox.graph import GraphInbox
from leadgen.mail.inbox.provider import Listed, Stale
from leadgen.mail.providers.base import Refused, SignInNeeded, Throttled
from leadgen.mail.providers.gmail import GmailProvider
from leadgen.mail.providers.graph import GraphProvider
from leadgen.mail.providers.mime import Sender
from leadgen.outlook.google import GMAIL_SCOPE
from local.gmail.state import Fault, State
from local.gmail.testing import ADA, RunningGmail, running_gmail

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGmail]:
    with running_gmail(Path(tmp_path_factory.mktemp("gmail"))) as running:
        yield running


@pytest.fixture
def gmail(server: RunningGmail) -> RunningGmail:
    server.state.__dict__.update(State(clock=NOW.timestamp).__dict__)
    server.state.access["good"] = {"account": ADA, "scope": GMAIL_SCOPE, "expires": 9e12}
    return server


@pytest.fixture
def inbox(gmail: RunningGmail) -> Iterator[GmailInbox]:
    provider = GmailProvider(lambda refused: "good", gmail.url, Sender(ADA), Clock(), ca_file=str(gmail.ca_file))
    made = GmailInbox(provider)
    yield made
    made.close()


def _mail(number: int, answers: str = "") -> bytes:
    head = f"From: bob@example.org\nTo: {ADA}\nSubject: {number}\nMessage-ID: <{number}@example.org>\n"
    return f"{head}{f'In-Reply-To: {answers}' if answers else 'X-N: 1'}\n\nHello {number}\n".encode()


def _subjects(inbox: GmailInbox, messages: list[Listed]) -> list[str]:
    found = [inbox.fetch(message) for message in messages]
    return sorted(mail.subject for mail in found if mail is not None)


def test_first_what_is_there_since_then_only_what_is_new(gmail: RunningGmail, inbox: GmailInbox) -> None:
    gmail.state.clock = (NOW - timedelta(days=1)).timestamp
    gmail.state.receive(ADA, _mail(0))
    gmail.state.clock = NOW.timestamp
    gmail.state.receive(ADA, _mail(1), label="SPAM")
    gmail.state.receive("grace@fabrikam.example", _mail(9))
    first = inbox.page("all", "", NOW - timedelta(hours=1))
    assert (_subjects(inbox, first.messages), first.is_last) == (["1"], True)
    assert inbox.page("all", first.place, NOW).messages == []
    gmail.state.receive(ADA, _mail(2))
    second = inbox.page("all", first.place, NOW)
    assert _subjects(inbox, second.messages) == ["2"]
    assert _subjects(inbox, inbox.page("all", first.place, NOW).messages) == ["2"]  # the place may be read again
    mail = inbox.fetch(second.messages[0])
    assert mail is not None
    assert (mail.received_at, mail.sender, mail.text) == (NOW, "bob@example.org", "Hello 2\n")


def test_what_comes_in_while_it_is_listed_is_not_lost(gmail: RunningGmail, inbox: GmailInbox) -> None:
    gmail.state.page_size = 2
    for number in range(5):
        gmail.state.receive(ADA, _mail(number))
    seen: list[str] = []
    page = inbox.page("all", "", NOW - timedelta(hours=1))
    seen += _subjects(inbox, page.messages)
    gmail.state.receive(ADA, _mail(5))  # between two pages of the list, which begins with the newest
    while not (page.is_last and page.place.startswith("history") and not page.messages):
        page = inbox.page("all", page.place, NOW)
        seen += _subjects(inbox, page.messages)
    assert set(seen) == {"0", "1", "2", "3", "4", "5"}


def test_history_that_is_too_old_means_starting_over(gmail: RunningGmail, inbox: GmailInbox) -> None:
    gmail.state.receive(ADA, _mail(1))
    place = inbox.page("all", "", NOW).place
    gmail.state.oldest_history = 10_000
    with pytest.raises(Stale):
        inbox.page("all", place, NOW)


def test_the_thread_names_what_was_sent_in_it(gmail: RunningGmail, inbox: GmailInbox) -> None:
    sent = gmail.state.receive(ADA, _mail(1), label="SENT")
    answer = gmail.state.receive(ADA, _mail(2, "<1@example.org>"))
    assert answer.thread == sent.thread
    assert inbox.sent_in(answer.thread) == ["<1@example.org>"]
    assert inbox.sent_in("gone") == []
    assert inbox.fetch(Listed("gone", None)) is None


def test_what_can_go_wrong(gmail: RunningGmail, inbox: GmailInbox) -> None:
    gmail.state.faults.append(Fault(path="*/profile", status=429, headers={"Retry-After": "60"}))
    with pytest.raises(Throttled) as caught:
        inbox.page("all", "", NOW)
    assert caught.value.until == NOW + timedelta(seconds=60)
    gmail.state.access.clear()
    with pytest.raises(SignInNeeded):
        inbox.page("all", "", NOW)


def test_the_stand_in_answers_as_google_documents(gmail: RunningGmail) -> None:
    message = gmail.state.receive(ADA, _mail(1))
    context = ssl.create_default_context(cafile=str(gmail.ca_file))
    with httpx.Client(base_url=f"{gmail.url}/gmail/v1/users/me", verify=context, trust_env=False) as http:
        http.headers["Authorization"] = "Bearer good"
        assert set(http.get("/profile").json()) == {"emailAddress", "messagesTotal", "threadsTotal", "historyId"}
        raw = http.get(f"/messages/{message.id}", params={"format": "raw"}).json()
        assert {"id", "threadId", "labelIds", "historyId", "internalDate", "sizeEstimate", "raw"} == set(raw)
        assert isinstance(raw["internalDate"], str)
        wanted = {"format": "metadata", "metadataHeaders": "Message-ID"}
        found = http.get(f"/messages/{message.id}", params=wanted).json()
        assert found["payload"]["headers"] == [{"name": "Message-ID", "value": "<1@example.org>"}]
        history = http.get("/history", params={"startHistoryId": "1000"}).json()
        assert history["history"][0]["messagesAdded"][0]["message"]["labelIds"] == ["INBOX", "UNREAD"]
        assert "history" not in http.get("/history", params={"startHistoryId": history["historyId"]}).json()
        assert http.get("/history", params={"startHistoryId": "99999999"}).status_code == 404
        assert http.get("/history").status_code == 400


def test_a_link_that_leads_away_from_graph_is_not_followed() -> None:
    class Provider:
        def get(self, path: str, **options: Any) -> httpx.Response:
            return httpx.Response(200, json={"value": [], "@odata.deltaLink": "https://evil.example/v1.0/me?token"})

    inbox = GraphInbox(cast(GraphProvider, Provider()), "https://graph.microsoft.com/v1.0")
    with pytest.raises(Refused, match="outside"):
        inbox.page("inbox", "", NOW)


def test_where_graph_makes_no_mime_its_json_is_read() -> None:
    class Provider:
        def get(self, path: str, **options: Any) -> httpx.Response:
            if path.endswith("$value"):
                raise Refused("400 ErrorMimeContentConversionFailed")
            headers = [{"name": "In-Reply-To", "value": "<m@x>"}, {"name": "Content-Type", "value": "multipart/x"}]
            sender = {"emailAddress": {"address": "Bob@example.org"}}
            body = {"contentType": "html", "content": "<p>Stop</p>"}
            item = {"subject": "Re: Hi", "from": sender, "internetMessageHeaders": headers, "body": body}
            return httpx.Response(200, json=item)

    inbox = GraphInbox(cast(GraphProvider, Provider()), "https://graph.microsoft.com/v1.0")
    mail = inbox.fetch(Listed("AAMk", NOW))
    assert mail is not None
    assert (mail.sender, mail.subject, mail.answers, mail.html) == (
        "bob@example.org",
        "Re: Hi",
        ["<m@x>"],
        "<p>Stop</p>",
    )
    assert mail.key == "AAMk"
