"""Equal parts of documents are one object, and documents stay what they were."""

from typing import Any

import msgspec
from hypothesis import given, strategies as st

from warren.store.sharing import _GENERATION_BYTES, Sharing

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=12,
)


def fresh(value: Any) -> Any:
    """The same, sharing nothing."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value))


@given(st.lists(st.dictionaries(st.sampled_from("pqr"), PLAIN), max_size=8))
def test_sharing_changes_no_document(documents: list[dict[str, Any]]) -> None:
    sharing = Sharing()
    shared = [sharing.share(fresh(document)) for document in documents]
    assert [msgspec.msgpack.encode(each) for each in shared] == [
        msgspec.msgpack.encode(each) for each in documents
    ]


def test_equal_parts_are_one_object_at_any_depth() -> None:
    sharing = Sharing()
    spec = {"update": {"parallelism": 1}, "ports": [{"port": 80}]}
    one = sharing.share(fresh({"id": "a", "spec": {"name": "a", **spec}}))
    two = sharing.share(fresh({"id": "b", "spec": {"name": "b", **spec}}))
    assert one["spec"] is not two["spec"]
    assert one["spec"]["update"] is two["spec"]["update"]
    assert one["spec"]["ports"] is two["spec"]["ports"]


def test_parts_of_one_document_are_shared_too() -> None:
    document = Sharing().share(fresh({"spec": {"a": [1]}, "releases": [{"spec": {"a": [1]}}]}))
    assert document["releases"][0]["spec"] is document["spec"]


def test_what_is_equal_and_written_otherwise_stays_apart() -> None:
    sharing = Sharing()
    values = [sharing.share({"part": [value]})["part"] for value in (1, True, 1.0)]
    assert [type(value[0]) for value in values] == [int, bool, float]


def test_what_is_met_again_and_again_is_remembered_whatever_else_comes() -> None:
    sharing = Sharing()
    first = sharing.share(fresh({"part": {"known": True}}))["part"]
    for number in range(3 * _GENERATION_BYTES // 100):
        again = sharing.share(fresh({"part": {"known": True}, "other": {"number": number}}))
    assert again["part"] is first


def test_memory_of_parts_is_limited() -> None:
    sharing = Sharing()
    for number in range(3 * _GENERATION_BYTES // 100):
        sharing.share({"part": {"number": number}})
    assert len(sharing._young) + len(sharing._old) <= 2 * _GENERATION_BYTES // 100
