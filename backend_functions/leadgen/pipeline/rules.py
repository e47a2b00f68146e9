"""A site's definition as the Processor reads it; the rooms of harvest and process do not know each other."""

from __future__ import annotations

from leadgen.harvest.sources import PostRules
from leadgen.process.fields import FieldRule
from leadgen.process.post import PostSelectors


def post_selectors(rules: PostRules) -> PostSelectors:
    """Where a site's posts keep what, for `extract_post`."""
    return PostSelectors(
        title=rules.title,
        body=rules.body,
        images=rules.images,
        contact_link=rules.contact_link,
        contact_gate=rules.contact_gate,
        fields={
            name: tuple(FieldRule(one.selector, one.attribute, one.json_ld, one.regex, one.of) for one in entries)
            for name, entries in rules.fields.items()
        },
    )
