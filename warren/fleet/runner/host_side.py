"""The program that answers calls on a host: standard library only, Python 3.6 and later.

It is sent as text to ``python3 -c`` and writes nothing to disk. Each call runs in a forked child with
a process group of its own, so a call cannot leave a working directory, a umask or a lock behind, and
a call that is too late is killed with all it started.

It also carries a shell: a second session would be a second log-in, which costs more than all else
where the user's profile is slow.

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
from typing import Any, Dict, List, Optional  # noqa: F401 - named in comments for type checkers

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
    """Pass the cluster's fence; what refused it otherwise."""
    try:
        return take_fence(fence)
    except OSError as error:
        said = "%s: %s" % (error.filename or fence["path"], error.strerror)
        return {"fence": "unwritable", "said": said}


def take_fence(fence: Any) -> Any:
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


class Work:
    """A call in a process of its own, whose answer is read from a pipe."""

    def __init__(self, call: Any, foreign: "List[int]") -> None:
        """Start it; ``foreign`` are the descriptors that are none of its business."""
        self.answer, writing = os.pipe()
        self.chunks = []  # type: List[bytes]
        self.deadline = time.monotonic() + call["timeout_seconds"]
        self.child = os.fork()
        if self.child:
            os.close(writing)
            return
        status = 1
        try:
            os.setsid()
            os.dup2(0, 1)
            os.dup2(0, 2)
            for stream in [self.answer, *foreign]:
                os.close(stream)
            write_all(writing, pack(perform(call)))
            status = 0
        finally:
            os._exit(status)

    def read(self) -> bool:
        """Read what is there; whether that was the end of it."""
        chunk = os.read(self.answer, 1 << 20)
        self.chunks.append(chunk)
        return not chunk

    def stop(self) -> bytes:
        """Kill it; the frame to answer with."""
        os.close(self.answer)
        kill_all(self.child)
        os.waitpid(self.child, 0)
        return pack({"timed_out": True})

    def end(self) -> bytes:
        """The frame to answer with."""
        os.close(self.answer)
        _, status = os.waitpid(self.child, 0)
        data = b"".join(self.chunks)
        if len(data) < 4 or len(data) != 4 + struct.unpack(">I", data[:4])[0]:
            error = "the call ended without an answer, status %d" % status
            return pack({"error": error, "where": []})
        return data


class Shell:
    """A shell beside the calls, so that commands need no session of their own.

    What it writes is sent on with the number of the batch that runs; between batches it is dropped.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.input = -1
        self.outputs = {}  # type: Dict[int, int]
        self.pending = b""
        self.batch = 0

    def take(self, message: Any) -> None:
        """Give it input; that of a new batch starts it, if it does not run."""
        if message["batch"] != self.batch:
            self.batch = message["batch"]
            if not self.alive():
                self.start()
                self.pending = message["greeting"]
        self.pending += message["input"]

    def alive(self) -> bool:
        """Whether it runs; tidies up after one that has ended."""
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.pid = 0
            for stream in [self.input, *self.outputs]:
                os.close(stream)
            self.input, self.outputs, self.pending = -1, {}, b""
        return bool(self.pid)

    def start(self) -> None:
        """Start it."""
        streams, self.input = os.pipe()
        stdout, writing = os.pipe()
        stderr, complaining = os.pipe()
        self.outputs = {stdout: 1, stderr: 2}
        self.pid = os.fork()
        if not self.pid:
            try:
                os.setsid()
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                for number, stream in enumerate((streams, writing, complaining)):
                    os.dup2(stream, number)
                os.execv("/bin/sh", ["/bin/sh"])  # noqa: S606 - it is the shell
            finally:
                os._exit(127)
        for stream in (streams, writing, complaining):
            os.close(stream)
        os.set_blocking(self.input, False)

    def feed(self) -> None:
        """Write what it can take now."""
        try:
            self.pending = self.pending[os.write(self.input, self.pending[: 1 << 16]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.pending = b""

    def read(self, stream: int) -> bytes:
        """A frame with what one of its streams has; nothing while no batch runs."""
        number, data = self.outputs[stream], os.read(stream, 1 << 16)
        if not data:
            os.close(stream)
            del self.outputs[stream]
        return pack({"batch": self.batch, "stream": number, "data": data}) if self.batch else b""


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


class Loop:
    """Serves the controller: one call at a time, and the shell's streams."""

    def __init__(self, stdin: int, out: int) -> None:
        self.stdin = stdin
        self.out = out
        self.inbox = bytearray()
        self.shell = Shell()
        self.work = None  # type: Optional[Work]

    def turn(self) -> None:
        """Wait for something and deal with it."""
        shell, work, seconds = self.shell, self.work, None
        reads = [self.stdin, *shell.outputs]
        if work:
            reads.append(work.answer)
            seconds = max(0.0, work.deadline - time.monotonic())
        writes = [shell.input] if shell.pending else []
        ready, writable, _ = select.select(reads, writes, [], seconds)
        for stream in [one for one in ready if one in shell.outputs]:
            write_all(self.out, shell.read(stream))
        if writable:
            shell.feed()
        if work and work.answer in ready and work.read():
            self.work = None
            write_all(self.out, work.end())
        elif work and time.monotonic() >= work.deadline:
            self.work = None
            write_all(self.out, work.stop())
        if self.stdin in ready:  # last, because what it says may open descriptors anew
            self.receive()

    def receive(self) -> None:
        """Take messages in.

        At the end of input the controller or the connection is gone, and so must what runs be, with
        its lock.
        """
        data = os.read(self.stdin, 1 << 20)
        if not data:
            if self.work:
                kill_all(self.work.child)
            sys.exit()
        self.inbox += data
        while len(self.inbox) >= 4:
            end = 4 + struct.unpack(">I", self.inbox[:4])[0]
            if len(self.inbox) < end:
                return
            message = unpack(bytes(self.inbox[4:end]))
            del self.inbox[:end]
            if "batch" in message:
                self.shell.take(message)
            else:
                self.call(message)

    def call(self, call: Any) -> None:
        """Begin a call."""
        self.shell.batch = 0
        try:
            load(call["sources"])
            shell = self.shell
            foreign = [self.stdin, self.out, *shell.outputs]
            self.work = Work(call, foreign + [shell.input] * (shell.input >= 0))
        except Exception as error:
            text = "%s: %s" % (type(error).__name__, error)
            write_all(self.out, pack({"error": text, "where": NOT_LOADED}))


def main() -> None:
    # Python may have set LC_CTYPE for itself; what it starts gets what the session had.
    os.environ.pop("LC_CTYPE", None)
    if sys.argv[1:] and sys.argv[1]:
        os.environ["LC_CTYPE"] = sys.argv[1][1:]
    loop = Loop(os.dup(0), os.dup(1))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    write_all(loop.out, pack({"python": list(sys.version_info[:3]), "pid": os.getpid()}))
    while True:
        loop.turn()


if __name__ == "__main__":
    main()
