"""The program that answers calls on a host: standard library only, Python 3.6 and later.

It is sent as text to ``python3 -c`` and writes nothing to disk. Each call runs in a forked child with
a process group of its own, so a call cannot leave a working directory, a umask or a lock behind, and
a call that is too late is killed with all it started.

A frame is: u32 length, u32 length of the JSON, the JSON, blobs. ``bytes`` travel as blobs.
"""

import json
import os
import select
import signal
import struct
import sys
import time
import types
from typing import Any, List  # noqa: F401 - named in a comment that type checkers read

PACKAGE = "warren.fleet.remote"


def pack(message: Any) -> bytes:
    blobs = []  # type: List[bytes]

    def place(value: Any) -> Any:
        if not isinstance(value, (bytes, bytearray)):
            raise TypeError("%s cannot be sent" % type(value).__name__)
        blobs.append(bytes(value))
        return {"$blob": len(value)}

    head = json.dumps(message, default=place).encode()
    body = b"".join(blobs)
    return struct.pack(">II", 4 + len(head) + len(body), len(head)) + head + body


def unpack(frame: bytes) -> Any:
    (size,) = struct.unpack(">I", frame[:4])
    position = [4 + size]

    def restore(value: Any) -> Any:
        if len(value) == 1 and "$blob" in value:
            start = position[0]
            position[0] = start + value["$blob"]
            return frame[start : position[0]]
        return value

    return json.loads(frame[4 : 4 + size].decode(), object_hook=restore)


def read_exactly(stream: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = stream.read(size - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def load(sources: Any) -> None:
    """Make each source an importable module of the package."""
    parent = ""
    for part in PACKAGE.split("."):
        name = parent + "." + part if parent else part
        if name not in sys.modules:
            module = types.ModuleType(name)
            module.__path__ = []
            sys.modules[name] = module
            if parent:
                setattr(sys.modules[parent], part, module)
        parent = name
    for name, source in sources:
        module = types.ModuleType(PACKAGE + "." + name)
        sys.modules[module.__name__] = module
        exec(compile(source, "<" + module.__name__ + ">", "exec"), module.__dict__)
        setattr(sys.modules[PACKAGE], name, module)


def enter_fence(fence: Any) -> Any:
    """Take the cluster's lock, compare and raise its epoch; the lock lasts as long as this process."""
    import fcntl

    folder, path, epoch = (
        fence["folder"],
        os.path.join(fence["folder"], fence["cluster"]),
        fence["epoch"],
    )
    os.makedirs(folder, 0o700, exist_ok=True)
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + fence["wait_seconds"]
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                return {"fence": "busy"}
            time.sleep(0.02)
    try:
        with open(path) as stream:
            text = stream.read().strip()
    except FileNotFoundError:
        text = "0"
    if not text.isdigit():
        return {"fence": "corrupt", "text": text}
    if int(text) > epoch:
        return {"fence": "stale", "theirs": int(text)}
    if int(text) < epoch:
        with open(path + ".new", "w") as stream:
            stream.write("%d\n" % epoch)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(path + ".new", path)
    return None


def perform(call: Any) -> Any:
    try:
        if call.get("fence"):
            refusal = enter_fence(call["fence"])
            if refusal:
                return refusal
        name, _, function = call["function"].rpartition(".")
        answer = getattr(sys.modules[PACKAGE + "." + name], function)(call["arguments"])
        return {"answer": answer}
    except Exception as error:
        import traceback

        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = ["%s:%s %s" % (f.filename, f.lineno, f.name) for f in frames]
        return {"error": "%s: %s" % (type(error).__name__, error), "where": where}


def answer_in_child(call: Any) -> bytes:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            os.setsid()
            data = pack(perform(call))
            while data:
                data = data[os.write(writing, data) :]
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    data = b""
    deadline = time.monotonic() + call["timeout_seconds"]
    timed_out = False
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            timed_out = True
            os.killpg(child, signal.SIGKILL)
            break
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            break
        data += chunk
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if timed_out:
        return pack({"timed_out": True})
    if len(data) < 4 or len(data) != 4 + struct.unpack(">I", data[:4])[0]:
        return pack({"error": "the call ended without an answer, status %d" % status, "where": []})
    return data


def main() -> None:
    stdin = os.fdopen(os.dup(0), "rb", 0)
    out = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    greeting = pack({"python": list(sys.version_info[:3]), "pid": os.getpid()})
    os.write(out, greeting)
    while True:
        head = read_exactly(stdin, 4)
        if not head:
            return
        call = unpack(read_exactly(stdin, struct.unpack(">I", head)[0]))
        try:
            load(call["sources"])
            data = answer_in_child(call)
        except Exception as error:
            data = pack({"error": "%s: %s" % (type(error).__name__, error), "where": ["runner"]})
        while data:
            data = data[os.write(out, data) :]


if __name__ == "__main__":
    main()
