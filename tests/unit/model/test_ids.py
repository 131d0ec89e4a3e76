import pytest

from warren.model.ids import PREFIXES, derived_id, new_id


def test_ids_sort_by_creation_and_carry_the_prefix_of_their_kind() -> None:
    ids = [new_id("service", now_ms=ms, random_bytes=lambda size: b"\xff" * size) for ms in (1, 2)]
    assert ids == sorted(ids)
    assert all(one.startswith("svc_") for one in ids)


@pytest.mark.parametrize("kind", sorted(PREFIXES))
def test_ids_are_uuids_of_version_7(kind: str) -> None:
    digits = new_id(kind, now_ms=1_790_000_000_000, random_bytes=lambda size: b"\x5a" * size)
    digits = digits.partition("_")[2]
    assert len(digits) == 32
    assert digits[12] == "7"
    assert digits[16] in "89ab"
    assert int(digits[:12], 16) == 1_790_000_000_000


def test_derived_ids_follow_from_their_parts_and_from_nothing_else() -> None:
    assert derived_id("instance", "a", "b") == derived_id("instance", "a", "b")
    assert derived_id("instance", "a", "b") != derived_id("instance", "ab", "")
