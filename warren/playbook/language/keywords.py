"""Which keywords exist where, what they must be, and which of Ansible's are refused.

A keyword that Warren would ignore is refused: a playbook that silently does something else is
worse than one that does not run.
"""

from enum import Enum


class Kind(Enum):
    """What a keyword's value must be; an expression is allowed wherever a run evaluates it."""

    TRUTH = "yes or no"
    NUMBER = "a number"
    TEXT = "text"
    TEXTS = "text or a list of texts"
    TABLE = "a mapping"
    TABLES = "a mapping or a list of mappings"
    CONDITIONS = "an expression or a list of them"
    ANY = "any value"


inherited: dict[str, Kind] = {
    "any_errors_fatal": Kind.TRUTH,
    "become": Kind.TRUTH,
    "become_exe": Kind.TEXT,
    "become_flags": Kind.TEXT,
    "become_method": Kind.TEXT,
    "become_user": Kind.TEXT,
    "check_mode": Kind.TRUTH,
    "connection": Kind.TEXT,
    "diff": Kind.TRUTH,
    "environment": Kind.ANY,
    "ignore_errors": Kind.TRUTH,
    "ignore_unreachable": Kind.TRUTH,
    "module_defaults": Kind.TABLES,
    "no_log": Kind.TRUTH,
    "port": Kind.NUMBER,
    "remote_user": Kind.TEXT,
    "run_once": Kind.TRUTH,
    "throttle": Kind.NUMBER,
    "timeout": Kind.NUMBER,
}
"""Keywords that hold for everything below."""

delegation: dict[str, Kind] = {"delegate_to": Kind.TEXT, "delegate_facts": Kind.TRUTH}

own: dict[str, Kind] = {
    "name": Kind.TEXT,
    "tags": Kind.TEXTS,
    "vars": Kind.TABLE,
    "when": Kind.CONDITIONS,
}
"""Keywords of every node."""

play: dict[str, Kind] = {
    "fact_path": Kind.TEXT,
    "force_handlers": Kind.TRUTH,
    "gather_facts": Kind.ANY,
    "gather_subset": Kind.TEXTS,
    "gather_timeout": Kind.NUMBER,
    "handlers": Kind.ANY,
    "hosts": Kind.TEXTS,
    "max_fail_percentage": Kind.NUMBER,
    "order": Kind.TEXT,
    "post_tasks": Kind.ANY,
    "pre_tasks": Kind.ANY,
    "roles": Kind.ANY,
    "serial": Kind.ANY,
    "strategy": Kind.TEXT,
    "tasks": Kind.ANY,
    "vars_files": Kind.ANY,
    "vars_prompt": Kind.ANY,
}

block: dict[str, Kind] = {
    "always": Kind.ANY,
    "block": Kind.ANY,
    "notify": Kind.TEXTS,
    "rescue": Kind.ANY,
}

task: dict[str, Kind] = {
    "action": Kind.ANY,
    "args": Kind.ANY,
    "async": Kind.NUMBER,
    "changed_when": Kind.CONDITIONS,
    "delay": Kind.NUMBER,
    "failed_when": Kind.CONDITIONS,
    "listen": Kind.TEXTS,
    "local_action": Kind.ANY,
    "loop": Kind.ANY,
    "loop_control": Kind.TABLE,
    "notify": Kind.TEXTS,
    "poll": Kind.NUMBER,
    "register": Kind.TEXT,
    "retries": Kind.NUMBER,
    "until": Kind.CONDITIONS,
}

of_play = inherited | own | play
of_block = inherited | own | delegation | block
of_task = inherited | own | delegation | task
of_role_use = inherited | own | delegation
of_import = own | {"import_playbook": Kind.TEXT}

refused: dict[str, str] = {
    "collections": "write modules and roles with their full names",
    "debugger": "use --step, or -vvv to see results",
    "include": "use include_tasks, import_tasks or import_playbook",
    "accelerate": "Ansible removed it; leave it out",
    "sudo": "use become",
    "sudo_user": "use become_user",
    "su": "use become with become_method: su",
    "su_user": "use become_user with become_method: su",
}
"""Keywords of Ansible that Warren does not have, with what to do instead."""

strategies = ("linear", "free")
orders = ("inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle")

engine_words = (
    "add_host",
    "group_by",
    "import_role",
    "import_tasks",
    "include_role",
    "include_tasks",
    "include_vars",
    "meta",
)
"""Actions that the engine does itself."""

meta_actions = (
    "clear_facts",
    "clear_host_errors",
    "end_batch",
    "end_host",
    "end_play",
    "end_role",
    "flush_handlers",
    "noop",
    "refresh_inventory",
    "reset_connection",
)
