"""What Ansible expands in words of a command, written as words of a POSIX shell.

``$NAME``, ``${NAME}`` and a leading ``~`` stand for values of the host's user; a name without a value
stays as it is. Everything else is quoted, so nothing else of the shell can happen; in patterns
``*``, ``?`` and ``[…]`` keep their meaning.
"""

import re
import shlex

_name = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})"
)
_pattern = re.compile(r"[*?]|\[[^\]/]+\]")
_home = re.compile(r"~(?=/|$)")


def is_plain(text: str) -> bool:
    """Whether the text stands for itself."""
    return not _name.search(text) and not _home.match(text)


def word(text: str, *, pattern: bool = False) -> str:
    """The text as one word of a shell, with names and home filled in.

    Args:
        text: what the user wrote.
        pattern: whether it names files by a pattern; it may then become several words.
    """
    parts = []
    home = _home.match(text)
    position = 0
    if home:
        parts.append('"$HOME"')
        position = home.end()
    for match in _name.finditer(text, position):
        parts.append(_literal(text[position : match.start()], pattern=pattern))
        name = match["plain"] or match["braced"]
        parts.append(f'"${{{name}-{_escaped(match[0])}}}"')
        position = match.end()
    parts.append(_literal(text[position:], pattern=pattern))
    return "".join(parts) or "''"


def _escaped(text: str) -> str:
    return text.replace("$", "\\$").replace("}", "\\}")


def _literal(text: str, *, pattern: bool) -> str:
    if not pattern:
        return shlex.quote(text) if text else ""
    parts = []
    position = 0
    for match in _pattern.finditer(text):
        before = text[position : match.start()]
        parts.append((shlex.quote(before) if before else "") + _glob(match[0]))
        position = match.end()
    rest = text[position:]
    return "".join(parts) + (shlex.quote(rest) if rest else "")


def _glob(text: str) -> str:
    """A pattern's part; what is special to the shell inside brackets is escaped."""
    if text in "*?":
        return text
    return "[" + re.sub(r"([^\w!^\-])", r"\\\1", text[1:-1]) + "]"
