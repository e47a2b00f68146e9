"""The meter counts what Firestore bills; the figures of docs/benchmarks.md rest on it."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Client, FieldFilter, Increment

from tests.counting import counted


def test_each_kind_of_call_is_counted_as_it_is_billed(firestore_db: Client) -> None:
    db, posts = firestore_db, firestore_db.collection("posts")
    with counted(db) as meter:
        with meter.stage("writes"):
            for name in "abc":
                posts.document(name).create({"n": 1})
            batch = db.batch()
            batch.update(posts.document("a"), {"n": Increment(1)})
            batch.set(posts.document("d"), {"n": 2})
            batch.delete(posts.document("c"))
            batch.commit()
            with pytest.raises(AlreadyExists):
                posts.document("a").create({})
        with meter.stage("reads"):
            posts.document("a").get()
            posts.document("missing").get()
            list(db.get_all([posts.document(name) for name in "abx"]))
            list(posts.where(filter=FieldFilter("n", ">", 0)).stream())
            list(posts.where(filter=FieldFilter("n", ">", 99)).stream())
            posts.count().get()
    writes, reads = meter.stages["writes"], meter.stages["reads"]
    assert (writes.writes, writes.deletes, writes.refused, writes.reads, writes.calls) == (5, 1, 1, 0, 5)
    assert (reads.reads, reads.writes, reads.calls) == (1 + 1 + 3 + 3 + 1 + 1, 0, 6)
    assert meter.total.by_collection["read", "posts"] == 9
    posts.document("a").get()
    assert meter.total.reads == 10, "nothing is counted after the block"
