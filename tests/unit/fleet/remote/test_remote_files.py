"""What the cases of modules cannot show: full disks, umasks, races of names, damaged input."""

import errno
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warren.fleet.remote import answers, atomic, attributes, contents, copy, edits, file


@pytest.fixture
def no_room() -> Iterator[None]:
    """Files of this process cannot grow beyond 1,000 bytes: the kernel fails their writing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def copied(tmp_path: Path, **arguments: Any) -> dict[str, Any]:
    return copy.run({"dest": str(tmp_path / "f"), "data": b"new", **arguments})


@pytest.mark.usefixtures("no_room")
def test_copy_keeps_the_old_file_and_leaves_nothing_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    result = copied(tmp_path, data=b"x" * 5000)
    assert result["failed"]
    assert result["errno"] == errno.EFBIG
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_text() == "old"


@pytest.mark.usefixtures("no_room")
def test_line_is_not_added_when_writing_fails(tmp_path: Path) -> None:
    old = "a\n" * 499
    (tmp_path / "f").write_text(old)
    work = {"path": str(tmp_path / "f"), "state": "present"}
    result = answers.answer(
        lambda told: edits.edit(
            told, lambda content: (content + b"b" * 100, {}), lambda _path: None
        ),
        work,
    )
    assert result["failed"]
    assert (tmp_path / "f").read_text() == old
    assert len(list(tmp_path.iterdir())) == 1


def test_full_disk_is_explained() -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/var/x")
    told = answers.explain(error)
    assert told.startswith("/var/x: No space left on device")
    assert "nothing was changed" in told


def test_new_file_gets_the_mode_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert copied(tmp_path)["mode"] == "0640"
    finally:
        os.umask(before)


def test_new_file_is_never_readable_by_others_before_its_mode_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    rename = os.rename

    def watch(source: str, target: str) -> None:
        seen.append(Path(source).stat().st_mode & 0o777)
        rename(source, target)

    monkeypatch.setattr(os, "rename", watch)
    copied(tmp_path, mode="0600")
    assert seen == [0o600]


def test_unsafe_writes_write_in_place_where_renaming_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), source, None, target)

    monkeypatch.setattr(os, "rename", refuse)
    (tmp_path / "f").write_text("a long old content")
    inode = (tmp_path / "f").stat().st_ino
    assert copied(tmp_path)["failed"]
    assert (tmp_path / "f").read_text() == "a long old content"
    assert copied(tmp_path, unsafe_writes=True)["changed"]
    assert (tmp_path / "f").read_text() == "new"
    assert (tmp_path / "f").stat().st_ino == inode
    assert len(list(tmp_path.iterdir())) == 1


def test_long_file_is_asked_for_only_when_it_differs(tmp_path: Path) -> None:
    data = os.urandom(3000)
    (tmp_path / "source").write_bytes(data)
    digest = contents.checksum(str(tmp_path / "source"))
    ask = {"dest": str(tmp_path / "f"), "checksum": digest, "mode": "0640"}
    assert copy.run(ask)["needed"]
    received = None
    for start in range(0, 3000, 1000):
        piece = {"dest": ask["dest"], "received": received, "data": data[start : start + 1000]}
        received = copy.receive(piece)["received"]
    result = copy.run({**ask, "received": received})
    assert (result["changed"], result["mode"], result["size"]) == (True, "0640", 3000)
    assert (tmp_path / "f").read_bytes() == data
    again = copy.run(ask)
    assert "needed" not in again
    assert again["changed"] is False
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "source"]


def test_received_pieces_can_be_thrown_away(tmp_path: Path) -> None:
    dest = {"dest": str(tmp_path / "f")}
    received = copy.receive({**dest, "data": b"x"})["received"]
    copy.receive({**dest, "received": received, "discard": True})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_room")
def test_received_pieces_are_thrown_away_when_they_do_not_fit(tmp_path: Path) -> None:
    assert copy.receive({"dest": str(tmp_path / "f"), "data": b"x" * 4000})["failed"]
    assert list(tmp_path.iterdir()) == []


def test_checking_changes_nothing_even_of_a_file_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    before = (tmp_path / "f").stat()
    result = copied(tmp_path, check=True, mode="0777", owner="no-such-user-yet", backup=True)
    assert result["changed"]
    assert (tmp_path / "f").stat() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("wanted", "current", "directory", "meant"),
    [
        ("0644", 0o777, False, 0o644),
        ("u=rwx,g=rx,o=", 0o000, False, 0o750),
        ("a-x", 0o755, False, 0o644),
        ("a+X", 0o644, False, 0o644),
        ("a+X", 0o744, False, 0o755),
        ("a+X", 0o644, True, 0o755),
        ("u+s,g+s", 0o755, False, 0o6755),
        ("o+t", 0o777, True, 0o1777),
        ("g=u,o=g", 0o740, False, 0o777),
        ("u=", 0o4755, False, 0o055),
        ("+x", 0o644, False, 0o755),
        ("u+r-w", 0o200, False, 0o400),
    ],
)
def test_mode_in_letters_means_bits(
    wanted: str, current: int, directory: bool, meant: int  # noqa: FBT001
) -> None:  # fmt: skip
    before = os.umask(0o022)
    try:
        assert attributes.mode_from(wanted, current, directory) == meant
    finally:
        os.umask(before)


def test_user_and_group_may_be_numbers_without_a_name() -> None:
    assert attributes.uid_of("4123456") == 4123456
    assert attributes.gid_of("4123456") == 4123456
    assert attributes.user_name(4123456) == "4123456"
    assert attributes.group_name(4123456) == "4123456"
    with pytest.raises(answers.Failure, match="no group 'nobody-knows'"):
        attributes.gid_of("nobody-knows")


def test_validation_gets_the_name_as_one_word(tmp_path: Path) -> None:
    path = tmp_path / "a b"
    path.write_text("x")
    atomic.validate(str(path), "grep -q x %s")
    with pytest.raises(answers.Failure, match="must contain %s"):
        atomic.validate(str(path), "true")
    with pytest.raises(answers.Failure, match="cannot run no-such-program"):
        atomic.validate(str(path), "no-such-program %s")


def test_difference_of_binary_content_tells_size_and_checksum() -> None:
    shown = contents.difference("/f", b"a\0b", b"text\n")
    assert shown["before"].startswith("(binary content: 3 bytes, sha1 ")
    assert shown["after"] == "text\n"


def test_date_within_the_second_of_the_time_there_is_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    os.utime(path, ns=(1_600_000_000_123_456_789,) * 2)
    stamp = time.strftime("%Y%m%d%H%M.%S", time.localtime(1_600_000_000))
    touch = {"path": str(path), "state": "touch"}
    wanted = {**touch, "access_time": stamp, "modification_time": stamp}
    assert file.run(wanted)["changed"] is False
    assert file.run({**wanted, "modification_time": "202001020304.05"})["changed"] is True
    wrong = file.run({**wanted, "modification_time": "yesterday"})
    assert "modification_time" in wrong["msg"]
