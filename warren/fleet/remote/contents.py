"""Contents of files: checksums and differences to show."""

import binascii
import hashlib
import os
from typing import Any

REQUIRES = ()

_shown_bytes_max = 104448


def read(path: str) -> "bytes | None":
    """The content, or ``None`` if there is no such file."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def checksum(path: str, algorithm: str = "sha1") -> str:
    """The digest of a file in hexadecimal, read in pieces."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def shown(data: "bytes | None") -> str:
    """Content as a difference shows it: binary or long content by its size and checksum."""
    if data is None:
        return ""
    if b"\0" in data[:8192] or len(data) > _shown_bytes_max:
        kind = "binary" if b"\0" in data[:8192] else "long"
        return "(%s content: %d bytes, sha1 %s)\n" % (
            kind,
            len(data),
            hashlib.sha1(data).hexdigest(),
        )
    return data.decode("utf-8", "replace")


def difference(path: str, before: "bytes | None", after: "bytes | None") -> "dict[str, Any]":
    """A before-and-after of a file's content."""
    return {
        "before_header": path,
        "after_header": path,
        "before": shown(before),
        "after": shown(after),
    }


def parent_of(path: str) -> str:
    """The directory a path is in."""
    return os.path.dirname(path) or "."


def fresh_name(directory: str) -> str:
    """A name in a directory that nobody else uses or can guess."""
    return os.path.join(directory, ".warren-" + binascii.hexlify(os.urandom(8)).decode())


def create(directory: str) -> "tuple[int, str]":
    """A new file of a fresh name, open for writing and readable by its owner only."""
    path = fresh_name(directory)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), path
