"""What a post that was read says about who wrote it."""

from __future__ import annotations

import pytest

from leadgen.pipeline.reading import ReadPost
from leadgen.process.post import PostSelectors, extract_post

URL = "https://ads.org/1.html"
SELECTORS = PostSelectors("h1", "#body")


def read(text: str) -> ReadPost:
    return ReadPost(URL, extract_post(f"<h1>Roofs</h1><div id=body>{text}</div>", URL, SELECTORS), "")


@pytest.mark.parametrize("text", ["We mend roofs. Fax: (512) 555-0134", "Roofs, 512-555-0134 (fax), ask for Al"])
def test_a_fax_alone_identifies_nobody_and_is_no_telephone(text: str) -> None:
    post = read(text)
    assert [phone.kind for phone in post.post.phones] == ["fax"]
    assert post.marks().phones == ()
    assert post.lead("austin").phone == ""


@pytest.mark.parametrize(
    "text", ["Fax: (512) 555-0134<br>Call (512) 555-0177", "Phone: 512-555-0177, fax: 512-555-0134"]
)
def test_the_telephone_beside_a_fax_identifies(text: str) -> None:
    post = read(text)
    assert post.marks().phones == ("+15125550177",)
    assert post.lead("austin").phone == "+15125550177"


def test_a_number_that_is_telephone_and_fax_is_a_telephone() -> None:
    assert read("Phone/Fax: (512) 555-0134").marks().phones == ("+15125550134",)
