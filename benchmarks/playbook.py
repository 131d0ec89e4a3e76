"""The same ten tasks by ansible-playbook (pipelining on) and by warren-playbook, in turn.

Each host is a private sshd on its own loopback address; the state is wiped before each run. Prints the
machine, every median, and as last line the ratios theirs/ours for 1 and 10 hosts.
"""

import contextlib
import json
import os
import platform
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 5
PORT = 2222

PLAY = """\
- hosts: all
  gather_facts: false
  vars:
    base: "{base}/{{{{ inventory_hostname }}}}"
    greeting: hello
  tasks:
    - name: A directory
      ansible.builtin.file: {{path: "{{{{ base }}}}", state: directory, mode: "0755"}}
    - name: A file from its content
      ansible.builtin.copy: {{content: "one\\ntwo\\n", dest: "{{{{ base }}}}/content"}}
    - name: A file from a file
      ansible.builtin.copy: {{src: source.txt, dest: "{{{{ base }}}}/source", mode: "0644"}}
    - name: A template
      ansible.builtin.template: {{src: page.j2, dest: "{{{{ base }}}}/page"}}
    - name: A command
      ansible.builtin.command: uname -r
      register: kernel
      changed_when: false
    - name: A line
      ansible.builtin.lineinfile: {{path: "{{{{ base }}}}/content", line: three}}
    - name: Its state
      ansible.builtin.stat: {{path: "{{{{ base }}}}/content"}}
      register: content
    - name: A second template that uses results
      ansible.builtin.copy: {{content: "{{{{ kernel.stdout }}}} {{{{ content.stat.size }}}}", dest: "{{{{ base }}}}/facts"}}
    - name: A link
      ansible.builtin.file: {{src: "{{{{ base }}}}/page", dest: "{{{{ base }}}}/link", state: link}}
    - name: A shell line
      ansible.builtin.shell: wc -l < content > lines
      args: {{chdir: "{{{{ base }}}}", creates: lines}}
"""


@contextlib.contextmanager
def hosts(count: int, work: Path) -> Iterator[Path]:
    """Start private sshds on 127.0.0.11 and following; yield an inventory of them."""
    key = work / "client"
    _keygen(key)
    (work / "authorized").write_text((work / "client.pub").read_text())
    Path("/run/sshd").mkdir(exist_ok=True)
    servers, lines, known = [], [], []
    try:
        for number in range(count):
            address = f"127.0.0.{11 + number}"
            host_key = work / f"host{number}"
            _keygen(host_key)
            public = (work / f"host{number}.pub").read_text().split()
            known.append(f"[{address}]:{PORT} {public[0]} {public[1]}\n")
            servers.append(
                subprocess.Popen(_sshd(address, host_key, work), stderr=subprocess.DEVNULL)
            )
            lines.append(f"h{number} ansible_host={address}\n")
        (work / "known_hosts").write_text("".join(known))
        inventory = work / "hosts.ini"
        user = pwd.getpwuid(os.getuid()).pw_name
        inventory.write_text(
            "[all]\n" + "".join(lines) + "[all:vars]\n"
            f"ansible_port={PORT}\nansible_user={user}\n"
            f"ansible_ssh_private_key_file={key}\n"
            f"ansible_ssh_common_args=-o UserKnownHostsFile={work}/known_hosts\n"
            f"ansible_python_interpreter={sys.executable if not Path('/usr/bin/python3').exists() else '/usr/bin/python3'}\n"
        )
        time.sleep(0.5)
        yield inventory
    finally:
        for server in servers:
            server.terminate()
            server.wait()


def _sshd(address: str, host_key: Path, work: Path) -> list[str]:
    options = {
        "ListenAddress": f"{address}:{PORT}",
        "HostKey": str(host_key),
        "AuthorizedKeysFile": str(work / "authorized"),
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "MaxStartups": "100",
        "Subsystem": "sftp internal-sftp",
    }
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    return [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-f", "/dev/null", *flags]


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


def ansible() -> Path:
    """Install ansible-core in a virtual environment of its own, once."""
    home = ROOT / ".bench" / "ansible"
    if not (home / "bin" / "ansible-playbook").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run(
            [home / "bin" / "pip", "install", "--quiet", "ansible-core==2.19.*"], check=True
        )
    return home / "bin" / "ansible-playbook"


def timed(command: list[str | Path], work: Path, base: Path) -> float:
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORKS": "10",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(work / "cp"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
    }
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    _close_control_sockets(work / "cp")
    return seconds


def _close_control_sockets(folder: Path) -> None:
    for socket in folder.glob("*") if folder.exists() else ():
        subprocess.run(
            ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "x"],
            capture_output=True,
            check=False,
        )


def state(base: Path) -> dict[str, str]:
    return {
        str(path.relative_to(base)): path.read_text()
        for path in sorted(base.rglob("*"))
        if path.is_file()
    }


def measure(count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="wb") as folder:
        work = Path(folder)
        base = work / "state"
        (work / "play.yml").write_text(PLAY.format(base=base))
        (work / "source.txt").write_text("source\n" * 50)
        (work / "page.j2").write_text("{{ greeting }} from {{ inventory_hostname }}\n" * 20)
        with hosts(count, work) as inventory:
            flags = ["-i", str(inventory), "-f", "10", str(work / "play.yml")]
            theirs, ours = [], []
            for _ in range(ROUNDS):
                theirs.append(timed([ansible(), *flags], work, base))
                expected = state(base)
                ours.append(
                    timed([Path(sys.executable).parent / "warren-playbook", *flags], work, base)
                )
                assert state(base) == expected, "the two left different files"
    print(f"{count:>3} hosts: ansible-playbook {_spread(theirs)}, warren-playbook {_spread(ours)}")
    return statistics.median(theirs) / statistics.median(ours)


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def main() -> None:
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    result = {f"hosts_{count}": round(measure(count), 2) for count in (1, 10)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
