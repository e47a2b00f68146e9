"""The Graph mail stand-in: drafts, sending, looking messages up, and delta queries."""

from __future__ import annotations

import httpx
import pytest

from local.microsoft.testing import Clock, RunningStandin
from tests.microsoft_mailbox import ADA, JOB, clock, create, delta_round, error_of, graph, job_property, standin

__all__ = ["clock", "graph", "standin"]


def test_a_draft_becomes_a_sent_item_under_the_same_immutable_id(
    standin: RunningStandin, graph: httpx.Client, clock: Clock
) -> None:
    made = create(graph, singleValueExtendedProperties=job_property("job-1"), categories=["leads"])
    assert made["isDraft"] is True
    assert made["internetMessageId"].endswith("@contoso.example>")
    assert "singleValueExtendedProperties" not in made
    assert made["bodyPreview"].startswith("Good morning")
    clock.advance(5)
    sent = graph.post(f"me/messages/{made['id']}/send")
    assert (sent.status_code, sent.content) == (202, b"")
    found = graph.get(f"me/messages/{made['id']}").json()
    sent_items = graph.get("me/mailFolders/SentItems").json()
    assert found["isDraft"] is False
    assert found["parentFolderId"] == sent_items["id"]
    assert found["internetMessageId"] == made["internetMessageId"]
    assert found["sentDateTime"] > made["sentDateTime"]
    assert [entry["id"] for entry in graph.get("me/mailFolders/sentitems/messages").json()["value"]] == [made["id"]]
    assert graph.get("me/mailFolders/drafts").json()["totalItemCount"] == 0
    (delivery,) = standin.deliveries()
    assert delivery["to"] == ["bob@example.org"]
    assert delivery["extendedProperties"] == {JOB: "job-1"}
    assert delivery["immutableId"] == made["id"]
    assert delivery["messageId"] == made["internetMessageId"]


def test_sending_twice_is_not_found_and_delivers_once(standin: RunningStandin, graph: httpx.Client) -> None:
    made = create(graph)
    assert graph.post(f"me/messages/{made['id']}/send").status_code == 202
    assert error_of(graph.post(f"me/messages/{made['id']}/send")) == (404, "ErrorItemNotFound")
    assert len(standin.deliveries()) == 1


def test_a_regular_id_ends_with_the_move_to_sent_items(standin: RunningStandin) -> None:
    with standin.graph(immutable=False) as graph:
        made = create(graph)
        graph.post(f"me/messages/{made['id']}/send")
        assert error_of(graph.get(f"me/messages/{made['id']}")) == (404, "ErrorItemNotFound")
        (moved,) = graph.get("me/mailFolders/sentitems/messages").json()["value"]
        assert moved["id"] != made["id"]
        assert moved["internetMessageId"] == made["internetMessageId"]


def test_the_preference_is_confirmed(graph: httpx.Client) -> None:
    assert "ImmutableId" in graph.get("me/messages").headers["Preference-Applied"]
    assert graph.get("me/messages").headers["request-id"]


@pytest.mark.parametrize("shows", ["missing", "draft"])
def test_the_sent_copy_may_take_its_time(
    standin: RunningStandin, graph: httpx.Client, clock: Clock, shows: str
) -> None:
    standin.control("PATCH", "settings", {"sentLagSeconds": 20, "sentLagShows": shows})
    made = create(graph)
    assert graph.post(f"me/messages/{made['id']}/send").status_code == 202
    assert len(standin.deliveries()) == 1
    clock.advance(19)
    early = graph.get(f"me/messages/{made['id']}")
    assert (early.status_code == 404) if shows == "missing" else early.json()["isDraft"] is True
    assert error_of(graph.post(f"me/messages/{made['id']}/send")) == (404, "ErrorItemNotFound")
    clock.advance(1)
    assert graph.get(f"me/messages/{made['id']}").json()["isDraft"] is False
    assert len(standin.deliveries()) == 1


def test_lookup_by_extended_property(graph: httpx.Client) -> None:
    made = create(graph, singleValueExtendedProperties=job_property("job-'7'"))
    create(graph, singleValueExtendedProperties=job_property("job-8"))
    lookup = f"singleValueExtendedProperties/Any(ep: ep/id eq '{JOB}' and ep/value eq 'job-''7''')"
    expand = f"singleValueExtendedProperties($filter=id eq '{JOB}')"
    found = graph.get("me/messages", params={"$filter": lookup, "$expand": expand}).json()["value"]
    assert [message["id"] for message in found] == [made["id"]]
    assert found[0]["singleValueExtendedProperties"] == job_property("job-'7'")
    graph.post(f"me/messages/{made['id']}/send")
    again = graph.get("me/messages", params={"$filter": lookup.replace("6f2c", "6F2C")}).json()["value"]
    assert [message["isDraft"] for message in again] == [False]
    one = graph.get(f"me/messages/{made['id']}", params={"$select": "isDraft", "$expand": expand}).json()
    assert set(one) == {"@odata.context", "@odata.etag", "id", "isDraft", "singleValueExtendedProperties"}
    other = graph.get(f"me/messages/{made['id']}", params={"$expand": expand.replace("leadgenJob", "other")}).json()
    assert "singleValueExtendedProperties" not in other
    assert graph.get("me/messages", params={"$expand": "singleValueExtendedProperties"}).status_code == 400


@pytest.mark.parametrize(
    ("clause", "subjects"),
    [
        ("isDraft eq true", ["d"]),
        ("isDraft eq false and subject ne 'b'", ["c", "a"]),
        ("not (isDraft or subject eq 'a')", ["c", "b"]),
        ("receivedDateTime ge 2025-10-09T08:55:00Z and isDraft eq false", ["c", "b"]),
        ("receivedDateTime lt 2025-10-09T10:55:00+02:00", ["a"]),
        ("from/emailAddress/address eq 'B@EXAMPLE.org'", ["b"]),
        ("startswith(subject, 'C') or contains(subject,'a')", ["c", "a"]),
        ("internetMessageId eq 'nothing'", []),
    ],
)
def test_filters(standin: RunningStandin, graph: httpx.Client, clock: Clock, clause: str, subjects: list[str]) -> None:
    for name in ("a", "b", "c"):
        arrival = {"account": ADA, "from": f"{name}@example.org", "subject": name}
        standin.control("POST", "inbox", arrival)
        clock.advance(600)
    create(graph, subject="d")
    found = graph.get("me/messages", params={"$filter": clause}).json()["value"]
    assert [message["subject"] for message in found] == subjects


@pytest.mark.parametrize(
    "clause",
    ["nonsense eq 1", "subject eq", "subject like 'x'", "(isDraft", "receivedDateTime ge 'soon'", "¤", "(" * 500],
)
def test_filters_that_cannot_be_read_are_refused(graph: httpx.Client, clause: str) -> None:
    assert graph.get("me/messages", params={"$filter": clause}).status_code == 400


def test_pages_follow_the_next_link(standin: RunningStandin, graph: httpx.Client, clock: Clock) -> None:
    for number in range(5):
        standin.control("POST", "inbox", {"account": ADA, "subject": str(number)})
        clock.advance(1)
    query = {"$top": "2", "$select": "subject", "$filter": "isDraft eq false", "$orderby": "subject", "$count": "true"}
    answer = graph.get("me/mailFolders/Inbox/messages", params=query).json()
    assert answer["@odata.count"] == 5
    seen = [message["subject"] for message in answer["value"]]
    while "@odata.nextLink" in answer:
        answer = graph.get(answer["@odata.nextLink"]).json()
        seen += [message["subject"] for message in answer["value"]]
    assert seen == list("01234")
    for query in ({"$top": "0"}, {"$top": "x"}, {"$skip": "-1"}, {"$orderby": "nothing"}, {"$select": "nothing"}):
        assert graph.get("me/messages", params=query).status_code == 400


def test_delta_tells_each_change_once(standin: RunningStandin, graph: httpx.Client) -> None:
    ids = [standin.control("POST", "inbox", {"account": ADA, "subject": str(n)})["id"] for n in range(5)]
    entries, link = delta_round(graph, "me/mailFolders/inbox/messages/delta?$select=subject,isRead")
    assert [entry["id"] for entry in entries] == ids
    assert entries[0]["@odata.type"] == "#microsoft.graph.message"
    assert delta_round(graph, link)[0] == []
    graph.patch(f"me/messages/{ids[3]}", json={"isRead": True})
    graph.delete(f"me/messages/{ids[0]}")
    new = standin.control("POST", "inbox", {"account": ADA, "subject": "new"})["id"]
    entries, link = delta_round(graph, link)
    assert [(entry["id"], "@removed" in entry) for entry in entries] == [(ids[3], False), (ids[0], True), (new, False)]
    assert entries[0]["isRead"] is True
    assert "body" not in entries[0]
    assert delta_round(graph, link)[0] == []


def test_delta_starts_with_what_is_there_not_with_what_was(standin: RunningStandin, graph: httpx.Client) -> None:
    gone = standin.control("POST", "inbox", {"account": ADA, "subject": "gone"})["id"]
    kept = standin.control("POST", "inbox", {"account": ADA, "subject": "kept"})["id"]
    graph.delete(f"me/messages/{gone}")
    assert [entry["id"] for entry in delta_round(graph, "me/mailFolders/inbox/messages/delta")[0]] == [kept]


def test_delta_shows_sent_mail_when_it_appears(standin: RunningStandin, graph: httpx.Client, clock: Clock) -> None:
    standin.control("PATCH", "settings", {"sentLagSeconds": 10})
    _, link = delta_round(graph, "me/mailFolders/sentitems/messages/delta")
    made = create(graph)
    graph.post(f"me/messages/{made['id']}/send")
    entries, link = delta_round(graph, link)
    assert entries == []
    clock.advance(10)
    entries, _ = delta_round(graph, link)
    assert [(entry["id"], entry["isDraft"]) for entry in entries] == [(made["id"], False)]


def test_delta_tokens_that_are_unknown_or_old_are_gone(
    standin: RunningStandin, graph: httpx.Client, clock: Clock
) -> None:
    path = "me/mailFolders/inbox/messages/delta"
    assert error_of(graph.get(path, params={"$deltatoken": "x"})) == (410, "SyncStateNotFound")
    standin.control("PATCH", "settings", {"deltaLifetime": 100})
    _, link = delta_round(graph, path)
    clock.advance(99)
    assert graph.get(link).status_code == 200
    clock.advance(1)
    assert error_of(graph.get(link)) == (410, "resyncRequired")
