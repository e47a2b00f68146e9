"""The harvest's decisions: never more than the target, always an end, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.claiming import PageClaims
from leadgen.harvest.plan import Claim, Finish, Leave, Limits, Wait, decide
from leadgen.model.documents import Counts, ProcessorRequest
from leadgen.model.ids import post_id
from leadgen.model.status import EndReason, RequestStatus

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIMITS = Limits(batch_size=10, batches_in_flight=4, attempts=5)


def _request(target: int = 50, **fields: object) -> ProcessorRequest:
    base: dict[str, object] = {
        "template_id": 1,
        "city": "austin",
        "number_of_leads_to_process": target,
        "request_timestamp": NOW,
        "status": RequestStatus.PROCESSING,
    }
    return ProcessorRequest.model_validate(base | fields)


@pytest.mark.parametrize("status", [RequestStatus.COMPLETED, RequestStatus.CANCELLED, RequestStatus.FAILED])
def test_an_ended_campaign_is_left_alone(status: RequestStatus) -> None:
    assert decide(_request(status=status), NOW, LIMITS) == Leave()


@pytest.mark.parametrize(("found", "in_flight", "posts"), [(0, 0, 10), (45, 0, 5), (40, 5, 5), (0, 30, 10), (49, 0, 1)])
def test_no_more_posts_are_taken_than_may_be_needed(found: int, in_flight: int, posts: int) -> None:
    action = decide(_request(counts=Counts(found=found), in_flight=in_flight), NOW, LIMITS)
    assert isinstance(action, Claim)
    assert action.posts == posts
    assert posts <= action.most <= min(50 - found - in_flight, 40 - in_flight, 15)


@pytest.mark.parametrize(("found", "in_flight"), [(0, 40), (0, 31), (45, 5), (40, 10)])
def test_it_waits_for_the_processor_when_enough_is_in_flight(found: int, in_flight: int) -> None:
    assert decide(_request(counts=Counts(found=found), in_flight=in_flight), NOW, LIMITS) == Wait()


def test_a_met_target_ends_the_campaign_with_its_numbers() -> None:
    ending = decide(_request(counts=Counts(found=51)), NOW, LIMITS)
    assert ending == Finish(RequestStatus.COMPLETED, EndReason.TARGET_MET, "Found 51 of 50 leads.")


def test_exhausted_listings_end_the_campaign_and_say_so() -> None:
    ending = decide(_request(counts=Counts(found=37), listing_done=True), NOW, LIMITS)
    assert ending == Finish(
        RequestStatus.COMPLETED,
        EndReason.LISTINGS_EXHAUSTED,
        "Found 37 of 50: the listings of austin have no more posts.",
    )


def test_a_source_that_fails_too_often_fails_the_campaign() -> None:
    ending = decide(_request(attempts=5, message="a listing page can't be read"), NOW, LIMITS)
    assert ending == Finish(
        RequestStatus.FAILED, EndReason.SOURCE_FAILED, "Found 0 of 50: a listing page can't be read."
    )


@pytest.mark.parametrize("ending", [{"listing_done": True}, {"attempts": 5}, {"counts": Counts(found=50)}])
def test_no_campaign_ends_while_work_is_out(ending: dict[str, object]) -> None:
    assert decide(_request(**ending, in_flight=1), NOW, LIMITS) == Wait()
    waiting = _request(**ending)
    waiting.counts.waiting = 1
    assert decide(waiting, NOW, LIMITS) == Wait()


def test_a_failed_page_is_tried_again_only_when_due() -> None:
    due = NOW + timedelta(seconds=60)
    request = _request(attempts=1, next_attempt_at=due)
    assert decide(request, NOW, LIMITS) == Wait(due)
    assert decide(request, due, LIMITS) == Claim(10, most=15)


# --- the whole campaign as a machine: harvest and Processor take turns in any order


@settings(derandomize=True, max_examples=150)
@given(st.data())
def test_a_campaign_never_exceeds_its_target_takes_nothing_twice_and_always_ends(data: st.DataObject) -> None:
    target = data.draw(st.integers(1, 60), "target")
    limits = Limits(data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4)), 3)
    pages = data.draw(st.lists(st.integers(0, 30), min_size=1, max_size=5), "posts on each page")
    request, now = _request(target), NOW
    site = [[f"https://demo.example/{page}/{post}" for post in range(size)] for page, size in enumerate(pages)]
    owners: dict[str, str] = {}
    out: list[tuple[str, ...]] = []
    waiting = 0
    for _ in range(2000):
        action = decide(request, now, limits)
        match action:
            case Finish():
                break
            case Claim(posts, most):
                claims = PageClaims(site[request.pages_read], "me", done=request.page_done)
                posts = most if claims.left <= most else posts
                while urls := claims.to_look_up(posts):
                    claims.learn(urls, owners)
                selection = claims.select(posts)
                request.page_done = "" if selection.is_last else selection.done
                assert len(selection.urls) <= posts
                assert not {post_id(url) for url in selection.urls} & owners.keys()
                owners |= {post_id(url): "me" for url in selection.urls}
                if selection.urls:
                    out.append(selection.urls)
                    request.in_flight += len(selection.urls)
                if selection.is_last:
                    request.pages_read += 1
                    request.listing_done = request.pages_read == len(pages)
            case Wait():
                assert out or waiting, "it waits, and nothing will ever wake it"
        assert request.counts.found + request.in_flight <= target
        assert request.in_flight <= limits.batch_size * limits.batches_in_flight
        if out and (isinstance(action, Wait) or data.draw(st.booleans(), "a batch is done")):
            batch = out.pop(data.draw(st.integers(0, len(out) - 1), "which"))
            new = data.draw(st.integers(0, len(batch)), "new leads")
            held = data.draw(st.integers(0, new), "of them waiting")
            request.in_flight -= len(batch)
            request.counts.found += new
            request.counts.waiting += held
            waiting += held
        elif waiting and isinstance(action, Wait):
            waiting -= 1
            request.counts.waiting -= 1
            request.counts.found -= data.draw(st.integers(0, 1), "turned out no lead")
    else:
        pytest.fail("the campaign did not end")
    assert request.in_flight == request.counts.waiting == 0
    assert action.reason is (EndReason.TARGET_MET if request.counts.found >= target else EndReason.LISTINGS_EXHAUSTED)
