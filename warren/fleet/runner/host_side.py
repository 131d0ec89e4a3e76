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
NOT_LOADED = ["runner"]


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


def read_exactly(stream: int, size: int) -> bytes:
    chunks = []  # type: List[bytes]
    while size:
        chunk = os.read(stream, min(size, 1 << 20))
        if not chunk:
            return b""
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


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

    folder, path, epoch = fence["folder"], fence["path"], fence["epoch"]
    os.makedirs(folder, 0o700, exist_ok=True)
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + fence["wait_seconds"]
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                return {"fence": "busy", "said": ""}
            time.sleep(0.02)
    try:
        with open(path, "rb") as stream:
            data = stream.read(4096)
    except FileNotFoundError:
        data = b"0\n"
    text = data.decode("ascii", "replace")
    if not (text.endswith("\n") and text[:-1].isdigit() and len(text) <= fence["digits_max"] + 1):
        return {"fence": "corrupt", "said": text.strip()}
    if int(text) > epoch:
        return {"fence": "stale", "said": text.strip()}
    if int(text) < epoch:
        with open(path + ".new", "w") as stream:
            stream.write("%d\n" % epoch)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(path + ".new", path)
        directory = os.open(folder, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
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


def start_child(call: Any, stdin: int) -> Any:
    """Perform a call in a process of its own, whose answer can be read from a pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        os.setsid()
        os.close(reading)
        os.close(stdin)
        os.dup2(0, 1)
        os.dup2(0, 2)
        write_all(writing, pack(perform(call)))
        status = 0
    finally:
        os._exit(status)


def answer_in_child(call: Any, stdin: int) -> bytes:
    """Perform a call and return the frame to answer with.

    Input while a call runs can only be its end: the controller or the connection is gone, and so must
    the call be, with its lock.
    """
    child, reading = start_child(call, stdin)
    chunks = []  # type: List[bytes]
    deadline = time.monotonic() + call["timeout_seconds"]
    stopped = ""
    while not stopped:
        ready = select.select([reading, stdin], [], [], max(0.0, deadline - time.monotonic()))[0]
        if reading in ready:
            chunk = os.read(reading, 1 << 20)
            if not chunk:
                break
            chunks.append(chunk)
        elif ready:
            stopped = "gone"
        elif time.monotonic() >= deadline:
            stopped = "late"
    os.close(reading)
    if stopped:
        kill_all(child)
    _, status = os.waitpid(child, 0)
    if stopped == "gone":
        sys.exit()
    if stopped:
        return pack({"timed_out": True})
    data = b"".join(chunks)
    if len(data) < 4 or len(data) != 4 + struct.unpack(">I", data[:4])[0]:
        return pack({"error": "the call ended without an answer, status %d" % status, "where": []})
    return data


def kill_all(leader: int) -> None:
    """Kill a call's process, its descendants and its session.

    All are stopped before any is killed, or a child of one that dies too early would be nobody's.
    """
    found = {leader}
    fresh = [leader]
    while fresh:
        for one in fresh:
            send(one, signal.SIGSTOP)
        fresh = [pid for pid, parent, session in processes() if {parent, session} & found]
        fresh = [pid for pid in fresh if pid not in found]
        found.update(fresh)
    for one in found:
        send(one, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


def processes() -> Any:
    """The process id, parent and session of every process."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry, "rb") as stream:
                    fields = stream.read().rpartition(b")")[2].split()
                yield int(entry), int(fields[1]), int(fields[3])
            except (OSError, IndexError):
                continue


def write_all(out: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


def main() -> None:
    stdin = os.dup(0)
    out = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    write_all(out, pack({"python": list(sys.version_info[:3]), "pid": os.getpid()}))
    while True:
        head = read_exactly(stdin, 4)
        if not head:
            return
        call = unpack(read_exactly(stdin, struct.unpack(">I", head)[0]))
        try:
            load(call["sources"])
            data = answer_in_child(call, stdin)
        except Exception as error:
            data = pack({"error": "%s: %s" % (type(error).__name__, error), "where": NOT_LOADED})
        write_all(out, data)


if __name__ == "__main__":
    main()
