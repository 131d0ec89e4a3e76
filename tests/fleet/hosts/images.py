"""Small purpose-built images in one read-only store that all hosts share; there is no registry.

- `localhost/web:1`, `localhost/web:2`: an HTTP server on $PORT (8080): `/` (JSON: version, hostname,
  port), `/env`, `/args`, `/healthz`; `/cgi-bin/fail` and `/cgi-bin/recover` turn /healthz into 404
  and back, `/cgi-bin/file?PATH` reads a file of the container; the program `healthy` says the same
  as /healthz for checks by command. $READY_AFTER_SECONDS delays health. Stops on SIGTERM with 0.
- `localhost/stubborn:1`: ignores SIGTERM.
- `localhost/oneshot:1`: exits with $EXIT_CODE after $RUN_SECONDS.
- `localhost/writer:1`: appends numbered lines to $FILE (/data/log), going on after those it finds.

Each has an entry point that starts this program, passing arguments that begin with `-`; any other
first argument is a program of busybox to run instead.
"""

import fcntl
import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.fleet.hosts.roster import REGISTRY, ROOT
from tests.fleet.hosts.shell import FleetError, run

_SOURCES = Path(__file__).parent / "rootfs"
_STORE = ROOT / "images"
_CGI = ("fail", "recover", "file")
_PROGRAMS = ("entry", "web", "healthy", "stubborn", "oneshot", "writer")
_ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\n",
}


@dataclass(frozen=True, slots=True)
class Image:
    """A local image: `localhost/NAME:VERSION`, whose program is NAME."""

    name: str
    version: str

    @property
    def reference(self) -> str:
        return f"localhost/{self.name}:{self.version}"

    @property
    def archive(self) -> str:
        """The file name of its root file system, which any engine can import."""
        return f"{self.name}-{self.version}.tar"


IMAGES = (
    Image("web", "1"),
    Image("web", "2"),
    Image("stubborn", "1"),
    Image("oneshot", "1"),
    Image("writer", "1"),
)
CHANGES = ('ENTRYPOINT ["/bin/entry"]', "ENV PATH=/bin", "WORKDIR /")

# Podman must find neither locks nor running state of the machine it builds on.
_BUILD = """
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm && cd "$1" && shift
for archive; do
    podman --root "$PWD/store" --runroot /run/build --storage-driver overlay \
        --cgroup-manager cgroupfs --events-backend none --runtime crun \
        import --quiet --change "$CHANGE_1" --change "$CHANGE_2" --change "$CHANGE_3" \
        "$archive" "localhost/$(echo "${archive%.tar}" | tr - :)"
done
"""


@cache
def ensure_images() -> Path:
    """Build the store unless one with the same contents exists; return its directory.

    It holds `store` (for additionalimagestores) and `archives`. Building takes about two seconds.
    """
    place = _STORE / _digest()
    _STORE.mkdir(parents=True, exist_ok=True)
    with (_STORE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            draft = _STORE / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            _build(draft)
            draft.rename(place)
    return place


def drop() -> None:
    """Remove the cached images.

    Raises:
        FleetError: a fleet is up, whose hosts would lose them.
    """
    if users := sorted(REGISTRY.glob("*.json")):
        raise FleetError(f"the images are in use: {len(users)} fleets are up; take them down first")
    shutil.rmtree(_STORE, ignore_errors=True)


def _build(draft: Path) -> None:
    (draft / "archives").mkdir(parents=True)
    archives = [image.archive for image in IMAGES]
    for name, image in zip(archives, IMAGES, strict=True):
        (draft / "archives" / name).write_bytes(_archive(image))
        (draft / name).hardlink_to(draft / "archives" / name)
    variables = [f"CHANGE_{number}={change}" for number, change in enumerate(CHANGES, start=1)]
    command = ["unshare", "--mount", "env", *variables, "sh", "-euc", _BUILD, "sh", str(draft)]
    run([*command, *archives], timeout_seconds=120)
    for name in archives:
        (draft / name).unlink()


def _archive(image: Image) -> bytes:
    """Return the root file system of `image` as a tar, the same bytes every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in (
            "bin",
            "data",
            "dev",
            "etc",
            "proc",
            "run",
            "sys",
            "tmp",
            "www",
            "www/cgi-bin",
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        for name, content, mode in _files(image):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
        for applet in _applets():
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return buffer.getvalue()


def _files(image: Image) -> Iterator[tuple[str, bytes, int]]:
    yield "bin/busybox", _busybox().read_bytes(), 0o755
    for name in _PROGRAMS:
        yield f"bin/{name}", (_SOURCES / name).read_bytes(), 0o755
    for name in _CGI:
        yield f"www/cgi-bin/{name}", (_SOURCES / name).read_bytes(), 0o755
    for path, text in _ACCOUNTS.items():
        yield path, text.encode(), 0o644
    yield "etc/image-name", f"{image.name}\n".encode(), 0o644
    yield "etc/image-version", f"{image.version}\n".encode(), 0o644


@cache
def _applets() -> list[str]:
    return [name for name in run([str(_busybox()), "--list"]).split() if name != "busybox"]


@cache
def _busybox() -> Path:
    found = shutil.which("busybox")
    if found is None:
        raise FleetError("no busybox to build images from: install busybox-static")
    return Path(found).resolve()


def _digest() -> str:
    digest = hashlib.sha256("\n".join([_BUILD, *CHANGES, *_applets()]).encode())
    for image in IMAGES:
        for name, content, mode in _files(image):
            digest.update(f"{image.reference} {name} {mode:o} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()[:16]
