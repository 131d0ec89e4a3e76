"""Patterns that choose hosts: ``web:&prod:!web3``, ``db[0:2]``, ``~(a|b).*``, ``*.example``.

A pattern is a list of terms. The plain ones are united in the order written, then the ``&`` terms
cut, then the ``!`` terms remove, wherever they stand. A term means the hosts of every group it
matches; hosts are matched by name when no group was, or when the term is a glob or an expression.

A playbook may name groups that this inventory lacks, so a term that matches nothing is only
reported in the selection; a pattern that chooses no host at all is an error. A limit is typed for
one run on one inventory, so there every term must match.
"""

import difflib
import fnmatch
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from warren.model.errors import InvalidInput, NotFound
from warren.playbook.inventory import addresses
from warren.playbook.inventory.adjacent import decode
from warren.playbook.inventory.drafts import problem
from warren.playbook.inventory.inventory import Inventory, local_names

_terms = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_subscript = re.compile(r"(?P<term>.+)\[(?:(?P<index>-?\d+)|(?P<begin>\d+)[:-](?P<end>\d*))\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a pattern chose.

    Attributes:
        hosts: names in the order of the pattern's terms, each once.
        unmatched: terms that matched no host.
    """

    hosts: tuple[str, ...]
    unmatched: tuple[str, ...] = ()


def select(
    inventory: Inventory, pattern: str | Sequence[str], *, limit: str | Sequence[str] = ()
) -> Selection:
    """Choose hosts by a pattern, cut by a limit.

    Args:
        inventory: where to choose.
        pattern: one pattern, or a list of them that counts as one.
        limit: as given to ``--limit``; ``@FILE`` reads terms from a file. Empty means no limit.

    Raises:
        NotFound: the pattern or a term of the limit matches nothing, or both together leave no
            host; the message names it and what comes nearest.
        InvalidInput: an expression or a subscript is malformed, or a limit's file cannot be read.
    """
    chosen = _resolve(inventory, split(pattern))
    if not chosen.hosts:
        raise _nothing(inventory, "pattern", pattern, chosen)
    terms = _limit_terms(limit)
    if not terms:
        return chosen
    allowed = _resolve(inventory, terms)
    if not allowed.hosts or allowed.unmatched:
        raise _nothing(inventory, "limit", limit, allowed)
    permitted = set(allowed.hosts)
    hosts = tuple(host for host in chosen.hosts if host in permitted)
    if not hosts:
        raise NotFound(
            f"limit {_text(limit)!r} leaves no host of pattern {_text(pattern)!r}",
            hint=f"the pattern alone matches {_listed(chosen.hosts)}",
        )
    return Selection(hosts=hosts, unmatched=chosen.unmatched)


def select_limit(inventory: Inventory, limit: str | Sequence[str]) -> tuple[str, ...] | None:
    """The hosts that a limit leaves, or ``None`` when it is empty; every term must match.

    Raises:
        NotFound, InvalidInput: as ``select``.
    """
    terms = _limit_terms(limit)
    if not terms:
        return None
    allowed = _resolve(inventory, terms)
    if not allowed.hosts or allowed.unmatched:
        raise _nothing(inventory, "limit", limit, allowed)
    return allowed.hosts


def split(pattern: str | Sequence[str]) -> tuple[str, ...]:
    """Split a pattern into its terms: at commas if it has any, else at colons outside brackets.

    A text that can be read as one address (``::1``, ``web:22``) stays one term.
    """
    if not isinstance(pattern, str):
        return tuple(term for part in pattern for term in split(part))
    if "," in pattern:
        terms = pattern.split(",")
    elif addresses.is_address(pattern.strip()):
        terms = [pattern]
    else:
        terms = _terms.findall(pattern)
    return tuple(term.strip() for term in terms if term.strip())


def _limit_terms(limit: str | Sequence[str]) -> tuple[str, ...]:
    terms: list[str] = []
    for term in split(limit):
        if term.startswith("@"):
            terms.extend(_terms_of_file(Path(term[1:]).expanduser()))
        else:
            terms.append(term)
    return tuple(terms)


def _terms_of_file(path: Path) -> Iterator[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
        raise InvalidInput([problem("limit", f"@{path}", rule, None)]) from error
    lines = [line.strip() for line in decode(data, path).splitlines()]
    terms = [term for line in lines if line and line[0] != "#" for term in split(line)]
    if not terms:
        raise InvalidInput([problem("limit", f"@{path}", "names a file without a host", None)])
    yield from terms


def _resolve(inventory: Inventory, terms: Sequence[str]) -> Selection:
    plain = [term for term in terms if term[0] not in "!&"]
    hosts: dict[str, None] = {}
    unmatched: list[str] = []
    for term in plain or (["all"] if terms else []):
        found = (term,) if term in inventory.hosts else _match(inventory, term)
        hosts.update(dict.fromkeys(found))
        if not found:
            unmatched.append(term)
    for sign in "&!":
        for term in (term for term in terms if term[0] == sign):
            found = _match(inventory, term[1:])
            members = set(found)
            hosts = {host: None for host in hosts if (host in members) == (sign == "&")}
            if not found:
                unmatched.append(term)
    return Selection(hosts=tuple(hosts), unmatched=tuple(unmatched))


def _match(inventory: Inventory, term: str) -> tuple[str, ...]:
    match = None if term.startswith("~") else _subscript.fullmatch(term)
    if match is None:
        return _match_names(inventory, term)
    found = _match_names(inventory, match["term"])
    if match["index"] is None:
        end = int(match["end"]) + 1 if match["end"] else None
        return found[int(match["begin"]) : end]
    index = int(match["index"])
    if found and not -len(found) <= index < len(found):
        raise NotFound(
            f"pattern {term!r} matches nothing: {match['term']} has {len(found)} hosts",
            hint=f"use an index from {-len(found)} to {len(found) - 1}",
        )
    return (found[index],) if found else ()


def _match_names(inventory: Inventory, term: str) -> tuple[str, ...]:
    if term in inventory.group_table and not _is_open(term):
        return inventory.members(term)
    if term in inventory.hosts and not _is_open(term):
        return (term,)
    expression = _compiled(term)
    groups = [name for name in inventory.group_table if expression.match(name)]
    found = {host: None for group in groups for host in inventory.members(group)}
    if not groups or _is_open(term):
        found.update((name, None) for name in inventory.hosts if expression.match(name))
    if not found and term in local_names:
        local = inventory.find(term)
        return (local,) if local is not None else ()
    return tuple(found)


def _is_open(term: str) -> bool:
    """Whether a term may match hosts beside groups."""
    return term.startswith("~") or any(mark in term for mark in ".?*[")


def _compiled(term: str) -> re.Pattern[str]:
    if not term.startswith("~"):
        return re.compile(fnmatch.translate(term))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of syntax that a future Python may read differently
            return re.compile(term[1:])
    except (re.error, OverflowError, RecursionError) as error:
        rule = f"is no regular expression: {error}"
        raise InvalidInput([problem("pattern", term, rule, None)]) from error


def _nothing(
    inventory: Inventory, what: str, pattern: str | Sequence[str], result: Selection
) -> NotFound:
    text = _text(pattern)
    terms = ", ".join(repr(term) for term in result.unmatched if term != text)
    message = f"{what} {text!r} matches nothing" + (f": no host or group {terms}" if terms else "")
    known = [*inventory.group_table, *inventory.hosts]
    near = [
        match
        for term in result.unmatched or (text,)
        for match in difflib.get_close_matches(term.lstrip("!&~").partition("[")[0], known, n=2)
    ]
    if not inventory.hosts:
        hint = "the inventory is empty; name one with -i"
    elif near:
        hint = f"did you mean {' or '.join(dict.fromkeys(near))}?"
    else:
        hint = f"known groups are {_listed(tuple(inventory.group_table))}"
    return NotFound(message, hint=hint)


def _text(pattern: str | Sequence[str]) -> str:
    return pattern if isinstance(pattern, str) else ",".join(pattern)


def _listed(names: tuple[str, ...]) -> str:
    shown_max = 8
    rest = f" and {len(names) - shown_max} more" if len(names) > shown_max else ""
    return ", ".join(names[:shown_max]) + rest
