"""Who is who: what a repost adds, when two contacts become one, and what nobody may melt together."""

from __future__ import annotations

import pytest

from leadgen.model.errors import Conflict
from leadgen.pipeline.contacts import merge, unmerge
from leadgen.pipeline.resolution import Resolution, resolve
from leadgen.pipeline.single import Submission, queue, submit
from tests.authors import Ad, World
from tests.memory_firestore import MemoryFirestore

A, B = "a" * 32, "b" * 32
PHONE, OTHER_PHONE = "(512) 236-1201", "512-236-1202"
E164, OTHER_E164 = "+15122361201", "+15122361202"
MAIL, OTHER_MAIL = "ann@fenceworks.com", "bob@gatesandmore.com"


@pytest.fixture
def world() -> World:
    world = World(MemoryFirestore())
    world.campaign(A)
    world.campaign(B, "dallas", template=2)
    return world


def test_a_repost_is_counted_and_not_mailed_and_what_it_adds_is_kept_with_its_source(world: World) -> None:
    assert world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,))) == ["QUEUED"]
    again = Ad(phones=("512.236.1201", OTHER_PHONE), emails=(MAIL,), business="Ann's Fences LLC")
    assert world.meet(A, again) == ["DUPLICATE"]
    assert len(world.all("emailQueue")) == 1
    assert world.counts(A).duplicates == 1
    _, contact = world.contact(phone=E164)
    assert contact["businessName"] == "Ann's Fences LLC"
    assert contact["leadDataJson"]["businessName"] == "Ann's Fences LLC"
    said = contact["provenance"]["businessName"]
    assert (said["sourceUrl"], said["requestId"]) == ("https://ads.test/post/1", A)
    assert said["extractor"].startswith("posts/")
    assert contact["provenance"]["phone"]["sourceUrl"] == "https://ads.test/post/0"
    assert "Call (512) 236-1201 for a quote" in contact["provenance"]["phone"]["snippet"]
    (other,) = contact["alternatives"]
    assert (other["field"], other["value"]) == ("phone", OTHER_E164)
    assert "512-236-1202" in other["provenance"]["snippet"]


def test_what_a_repost_added_is_recognised_from_then_on(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,)))
    world.meet(A, Ad(phones=(PHONE, OTHER_PHONE)))
    assert world.meet(B, Ad(phones=(OTHER_PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    assert len(world.all("contacts")) == 1


def test_a_value_stays_unless_it_is_less_certain(world: World) -> None:
    world.meet(A, Ad(phones=("five one two 2 3 6 one two zero one",), picture=1))
    _, contact = world.contact(imageHash=world.contact()[1]["imageHash"])
    before = contact["provenance"]["phone"]["certainty"]
    assert before < 0.9
    world.meet(A, Ad(phones=(PHONE, OTHER_PHONE)))
    _, contact = world.contact()
    assert contact["phone"] == OTHER_E164, "the plainly written number replaces the guess"
    assert {a["value"] for a in contact["alternatives"]} == {E164}
    world.meet(A, Ad(phones=(OTHER_PHONE, "512-236-1203")))
    assert world.contact()[1]["phone"] == OTHER_E164


@pytest.mark.parametrize("first", [Ad(phones=(PHONE,), captcha=True), Ad(phones=(PHONE,))], ids=["review", "phone"])
def test_a_lead_that_waits_for_an_address_is_queued_once_when_a_repost_shows_one(world: World, first: Ad) -> None:
    (was,) = world.meet(A, first)
    assert was in ("REVIEW", "PHONE_ONLY")
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL, OTHER_MAIL))) == ["DUPLICATE"]
    _, contact = world.contact(phone=E164)
    assert (contact["status"], contact["email"]) == ("PROCESSED", MAIL)
    (mail,) = world.all("emailQueue").values()
    assert (mail["status"], mail["leadData"]["email"]) == ("QUEUED", MAIL)
    assert (mail["requestId"], mail["templateId"]) == (A, 1), "it is the mail of the campaign that found the lead"
    counts = world.counts(A)
    assert (counts.queued, counts.review, counts.phone_only) == (1, 0, 0)
    assert world.counts(B).duplicates == 2
    assert world.counts(B).cross_city == 2


def test_a_lead_the_operator_wrote_to_is_not_queued_again_when_a_repost_shows_an_address(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), business="Ann's Fences"))
    lead = {"phone": E164, "email": OTHER_MAIL, "business_name": "Gates & More"}
    _, _, created = queue(world.worker(), Submission(lead, "", "", 7, "austin", "America/Chicago", "op@x"))
    assert created
    assert world.contact(phone=E164)[1]["status"] == "PHONE_ONLY", "another business's name: its address is set aside"
    world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,)))
    assert world.contact(phone=E164)[1]["status"] == "PROCESSED"
    assert len(world.all("emailQueue")) == 1


def test_an_author_with_a_suppressed_address_is_suppressed_and_not_mailed(world: World) -> None:
    world.suppress("email", MAIL)
    world.meet(A, Ad(phones=(PHONE,)))
    assert world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    assert world.contact(phone=E164)[1]["status"] == "SUPPRESSED"
    assert world.all("emailQueue") == {}
    assert world.counts(A).unresolved == 1


def test_the_mail_of_an_author_who_turns_out_to_be_suppressed_does_not_wait_any_longer(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), emails=(OTHER_MAIL,)))
    world.suppress("email", MAIL)
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    assert [m["status"] for m in world.all("emailQueue").values()] == ["SUPPRESSED"]
    counts = world.counts(A)
    assert (counts.queued, counts.failed) == (1, 1), "counted as when the mail agent refuses it"


@pytest.mark.parametrize(("kind", "value"), [("email", MAIL), ("domain", "fenceworks.com"), ("phone", E164)])
def test_whoever_asked_not_to_be_written_to_is_not(world: World, kind: str, value: str) -> None:
    worker = world.worker()
    world.meet(A, Ad(phones=(OTHER_PHONE,)), worker=worker)
    world.suppress(kind, value)
    assert world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,)), worker=worker) == ["SUPPRESSED"]
    assert world.all("emailQueue") == {}


def test_whoever_named_their_fax_when_they_asked_is_not_written_to_either(world: World) -> None:
    world.suppress("phone", E164)
    assert world.meet(A, Ad(phones=(f"fax: {PHONE}",), emails=(MAIL,))) == ["SUPPRESSED"]
    assert world.all("emailQueue") == {}


def test_a_fax_becomes_the_number_of_nobody(world: World) -> None:
    world.meet(A, Ad(emails=(MAIL,)))
    assert world.meet(A, Ad(phones=(f"fax: {PHONE}",), emails=(MAIL,))) == ["DUPLICATE"]
    assert world.contact(email=MAIL)[1]["phone"] == ""


def test_further_values_of_a_post_stay_with_the_lead_and_its_mail_and_are_not_mixed(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,)))
    assert world.contact(phone=E164)[1]["leadDataJson"]["fields"] == {}
    assert world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,), price="$ 1,200")) == ["DUPLICATE"]
    world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,), price="$ 90"))
    contact_id, contact = world.contact(phone=E164)
    assert contact["leadDataJson"]["fields"] == {"price": "$ 1,200"}
    assert [mail["leadData"]["fields"] for mail in world.all("emailQueue").values()] == [{"price": "$ 1,200"}]
    world.meet(A, Ad(emails=(OTHER_MAIL,)))
    merged, _ = world.contact(email=OTHER_MAIL)
    done = merge(world.worker(), merged, contact_id, "op@x")
    assert world.all("contacts")[done.survivor_id]["leadDataJson"]["fields"] == {"price": "$ 1,200"}


def test_the_same_picture_saved_anew_in_another_city_is_the_same_author(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), picture=4), Ad(picture=5, captcha=True))
    copies = [Ad(picture=n, quality=40, side=400, captcha=True) for n in (4, 5)]
    assert world.meet(B, *copies, Ad(picture=6, captcha=True)) == ["DUPLICATE", "DUPLICATE", "REVIEW"]
    assert world.counts(B).cross_city == 2


def test_a_stock_photo_of_two_businesses_tells_nobody_apart(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), picture=4), Ad(phones=(OTHER_PHONE,), picture=4))
    assert world.meet(B, Ad(picture=4, captcha=True)) == ["REVIEW"]


def test_pictures_of_people_a_worker_knows_by_their_number_are_not_fetched(world: World) -> None:
    """What it knows without asking: of an author met by others since, it finds out with the next look-up."""
    worker = world.worker()
    world.meet(A, Ad(phones=(PHONE,), picture=4), worker=worker)
    world.fetched.clear()
    world.meet(A, Ad(phones=(PHONE,), picture=4), worker=worker)
    world.meet(A, Ad(phones=(PHONE,), picture=4), worker=worker)
    assert world.fetched == ["https://ads.test/post/1", "https://ads.test/image/1.jpg", "https://ads.test/post/2"]


def test_a_post_with_the_phone_of_one_and_the_email_of_another_makes_them_one(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,)), Ad(emails=(MAIL,)))
    assert world.counts(A).queued == 1
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    survivor_id, survivor = world.contact(email=MAIL)
    _, merged = world.contact(phone=E164, status="MERGED")
    assert merged["mergedInto"] == survivor_id
    assert survivor["status"] == "PROCESSED"
    assert survivor["phone"] == E164, "what the other knew goes over"
    assert survivor["provenance"]["phone"]["sourceUrl"] == "https://ads.test/post/0"
    assert [m["status"] for m in world.all("emailQueue").values()] == ["QUEUED"]
    counts = world.counts(A)
    assert (counts.queued, counts.phone_only, counts.unresolved) == (1, 0, 1)
    assert world.meet(B, Ad(phones=(PHONE,))) == ["DUPLICATE"]


def test_two_contacts_of_one_batch_can_become_one_in_the_same_batch(world: World) -> None:
    ads = Ad(phones=(PHONE,)), Ad(emails=(MAIL,)), Ad(phones=(PHONE,), emails=(MAIL,))
    assert world.meet(A, *ads) == ["PHONE_ONLY", "QUEUED", "DUPLICATE"]
    assert sorted(c["status"] for c in world.all("contacts").values()) == ["MERGED", "PROCESSED"]
    assert [m["status"] for m in world.all("emailQueue").values()] == ["QUEUED"]
    world.counts(A)


@pytest.mark.parametrize(
    ("one", "other", "both", "why"),
    [
        (Ad(phones=(PHONE,), business="Ann's Fences"), Ad(emails=(OTHER_MAIL,), business="Gates & More"),
         Ad(phones=(PHONE,), emails=(OTHER_MAIL,)), "names differ"),
        (Ad(phones=(PHONE,), emails=(MAIL,)), Ad(phones=(OTHER_PHONE,), emails=(OTHER_MAIL,)),
         Ad(phones=(PHONE,), emails=(OTHER_MAIL,)), "of its own"),
        (Ad(phones=(PHONE,)), Ad(phones=(OTHER_PHONE,)), Ad(phones=(PHONE, OTHER_PHONE)), "the phone of one"),
        (Ad(phones=(PHONE,)), Ad(emails=(MAIL,)),
         Ad(phones=("five one two 2 3 6 one two zero one",), emails=(MAIL,)), "plainly"),
        (Ad(phones=(PHONE,)), Ad(emails=(MAIL,)),
         Ad(phones=(PHONE, "512-236-1301", "512-236-1302", "512-236-1303"), emails=(MAIL,)), "more numbers"),
    ],
    ids=["names", "complete", "two-phones", "disguised", "directory"],
)  # fmt: skip
def test_where_anything_speaks_against_it_the_operator_is_told_and_decides(
    world: World, one: Ad, other: Ad, both: Ad, why: str
) -> None:
    world.meet(A, one, other)
    world.meet(B, both)
    contacts = world.all("contacts")
    assert {c["status"] for c in contacts.values()} & {"MERGED"} == set()
    first, second = contacts
    for this, that in ((first, second), (second, first)):
        (possible,) = contacts[this]["possibleDuplicates"]
        assert possible["contactId"] == that
        assert why in possible["reason"]
    merge(world.worker(), first, second, "op@x")
    assert [m["status"] for m in world.all("emailQueue").values()].count("QUEUED") <= 1


def test_an_agencys_number_does_not_melt_its_customers_into_one(world: World) -> None:
    agency = "512-236-1999"
    for n in range(12):
        own = Ad(phones=(f"512-236-14{n:02}",), emails=(f"owner@business{n:02}.com",))
        world.meet(A, own, Ad(phones=(agency,), emails=(f"owner@business{n:02}.com",)))
    contacts = world.all("contacts").values()
    merged = [c for c in contacts if c["status"] == "MERGED"]
    assert merged == []
    assert len([m for m in world.all("emailQueue").values() if m["status"] == "QUEUED"]) >= 11
    for n in range(1, 12):
        assert world.meet(B, Ad(phones=(f"512-236-14{n:02}",))) == ["DUPLICATE"]
        assert world.contact(email=f"owner@business{n:02}.com")[1]["status"] == "PROCESSED"
    world.counts(A)


def test_a_mail_on_its_way_forbids_a_merge(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,)), Ad(emails=(OTHER_MAIL,)))
    for ref in world.db.collection("emailQueue").stream():
        ref.reference.update({"status": "SENDING"})
    world.meet(A, Ad(phones=(PHONE,), emails=(OTHER_MAIL,)))
    assert "on its way" in world.contact(email=OTHER_MAIL)[1]["possibleDuplicates"][0]["reason"]
    assert {c["status"] for c in world.all("contacts").values()} == {"PROCESSED"}


def test_the_suppressed_one_survives_and_the_others_mail_is_taken_back(world: World) -> None:
    world.suppress("phone", E164)
    world.meet(A, Ad(phones=(PHONE,)), Ad(emails=(MAIL,)))
    (suppressed, _), (mailed, _) = world.contact(phone=E164), world.contact(email=MAIL)
    done = merge(world.worker(), mailed, suppressed, "op@x")
    assert done.survivor_id == suppressed
    assert [m["status"] for m in world.all("emailQueue").values()] == ["CANCELLED"]
    assert world.contact(phone=E164)[1]["status"] == "SUPPRESSED"


def test_an_undone_merge_leaves_no_trace_but_that_they_are_two(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), picture=1), Ad(emails=(MAIL,), business="Ann's Fences"))
    before = world.all("contacts"), world.all("emailQueue"), world.counts(A)
    world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,)))
    merged, _ = world.contact(status="MERGED")
    survivor, _ = world.contact(status="PROCESSED")
    told = Ad(phones=(PHONE, OTHER_PHONE))
    world.meet(B, told)
    assert unmerge(world.worker(), merged, "op@x").changed
    assert not unmerge(world.worker(), merged, "op@x").changed
    contacts = world.all("contacts")
    new = [a["value"] for a in contacts[survivor]["alternatives"]]
    assert new == [OTHER_E164], "what was learnt since stays with the survivor"
    for contact in contacts.values():
        contact["alternatives"] = [a for a in contact["alternatives"] if a["value"] != OTHER_E164]
    assert _plain(contacts) == _plain(before[0])
    assert _plain(world.all("emailQueue")) == _plain(before[1])
    assert world.counts(A) == before[2]
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    assert {c["status"] for c in world.all("contacts").values()} == {"PHONE_ONLY", "PROCESSED"}, "not merged again"


def _plain(documents: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Without what tells that there was a merge."""
    traces = ("lastUpdated", "updatedAt", "keptApart", "timesMerged", "cities")
    return {key: {k: v for k, v in d.items() if k not in traces} for key, d in documents.items()}


def test_merges_into_one_contact_are_undone_in_reverse(world: World) -> None:
    world.meet(
        A, Ad(phones=(PHONE,), emails=(MAIL,)), Ad(phones=(OTHER_PHONE,)), Ad(emails=(OTHER_MAIL,), captcha=True)
    )
    before = _plain(world.all("contacts"))
    top, second, third = (
        world.contact(**f)[0] for f in ({"email": MAIL}, {"phone": OTHER_E164}, {"email": OTHER_MAIL})
    )
    merge(world.worker(), top, second, "op@x")
    merge(world.worker(), third, second, "op@x")
    assert {c["mergedInto"] for c in world.all("contacts").values() if c["status"] == "MERGED"} == {top}
    with pytest.raises(Conflict, match="Other contacts were merged"):
        unmerge(world.worker(), second, "op@x")
    unmerge(world.worker(), third, "op@x")
    unmerge(world.worker(), second, "op@x")
    assert _plain(world.all("contacts")) == before
    world.counts(A)


def test_a_merge_asked_for_twice_is_one(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,)), Ad(emails=(MAIL,)))
    one, other = world.all("contacts")
    assert merge(world.worker(), one, other, "op@x").changed
    assert not merge(world.worker(), other, one, "op@x").changed
    assert len(world.all("contactMerges")) == 1


def test_who_is_merged_parted_and_merged_again_is_merged(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,)), Ad(emails=(MAIL,)))
    one, other = world.all("contacts")
    merged = merge(world.worker(), one, other, "op@x").merged_id
    unmerge(world.worker(), merged, "op@x")
    assert merge(world.worker(), one, other, "op@x").changed
    assert not merge(world.worker(), one, other, "op@x").changed, "a new process reads all three from the log"
    assert world.all("contacts")[merged]["status"] == "MERGED"


def test_a_lost_identity_log_is_mended_contact_by_contact(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,)))
    world.db.documents = {k: v for k, v in world.db.documents.items() if not k.startswith("identityIndex/")}
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,))) == ["DUPLICATE"]
    assert world.meet(B, Ad(emails=(MAIL,))) == ["DUPLICATE"], "its marks are claimed again"
    assert len(world.all("emailQueue")) == 1


def test_claims_of_a_deleted_contact_are_free(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), emails=(MAIL,)))
    world.db.documents = {k: v for k, v in world.db.documents.items() if not k.startswith(("contacts/", "emailQueue/"))}
    assert world.meet(B, Ad(phones=(PHONE,), emails=(MAIL,))) == ["QUEUED"]
    assert world.meet(A, Ad(emails=(MAIL,))) == ["DUPLICATE"]


def test_a_lead_handed_in_again_is_the_same_one_and_what_it_adds_is_kept(world: World) -> None:
    def hand_in(url: str, **fields: str) -> tuple[str, bool, str]:
        wish = Submission({"phone": E164, **fields}, url, "", 1, "austin", "", "op@x")
        done = submit(world.worker(), wish)
        return str(done.outcome), done.created, done.contact_id

    first = hand_in("https://a.example/1")
    assert first[:2] == ("PHONE_ONLY", True)
    assert hand_in("https://a.example/1") == ("PHONE_ONLY", False, first[2])
    assert hand_in("https://a.example/2", email=MAIL, business_name="Ann's Fences") == ("DUPLICATE", False, first[2])
    _, contact = world.contact(phone=E164)
    assert (contact["status"], contact["email"], contact["businessName"]) == ("PROCESSED", MAIL, "Ann's Fences")
    assert contact["provenance"]["email"]["snippet"] == "handed in by op@x"
    (mail,) = world.all("emailQueue").values()
    assert mail["status"] == "QUEUED"


def test_an_address_behind_a_captcha_that_is_somebody_elses_is_told_to_the_operator(world: World) -> None:
    world.meet(A, Ad(phones=(PHONE,), captcha=True), Ad(emails=(MAIL,)))
    (lead, _), (known, _) = world.contact(phone=E164), world.contact(email=MAIL)
    worker = world.worker()
    report = Resolution(lead, True, MAIL, "op@x", (), 3)
    assert resolve(world.db, worker.identities, report, world.clock).status == "DUPLICATE"
    contact = world.all("contacts")[lead]
    assert [p["contactId"] for p in contact["possibleDuplicates"]] == [known]
    assert len(world.all("emailQueue")) == 1
    assert merge(world.worker(), lead, known, "op@x").survivor_id == known
    assert world.all("contacts")[known]["phone"] == E164
    assert world.counts(A).unresolved == 1
