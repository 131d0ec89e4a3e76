"""Functions of templates: ``lookup``, ``query``, ``now``, ``undef``."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from warren.model.errors import PermanentError, WarrenError
from warren.model.validation import nearest
from warren.playbook.templating import lookups
from warren.playbook.templating.undefined import Absent, absent

LookUp = Callable[[str, list[Any], dict[str, Any], Any], Any]


def all_functions(look_up: LookUp, now: Callable[[], datetime]) -> dict[str, Callable[..., Any]]:
    """The functions by name.

    Args:
        look_up: runs a lookup: its name, terms, settings, and the variables of the template.
        now: the time.
    """

    def run(context: Context, name: str, terms: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        return look_up(name, list(terms), settings, context.resolve_or_missing("vars"))

    @pass_context
    def query(context: Context, name: str, *terms: Any, **settings: Any) -> Any:
        """The list that a lookup finds."""
        return run(context, name, terms, settings)

    @pass_context
    def lookup(context: Context, name: str, *terms: Any, **settings: Any) -> Any:
        """What a lookup finds: the only value, or text with commas; with ``wantlist`` a list."""
        wants_list = settings.pop("wantlist", False)
        found = run(context, name, terms, settings)
        if wants_list or isinstance(found, Absent):
            return found
        if len(found) == 1:
            return found[0]
        if all(isinstance(item, str) for item in found):
            return ",".join(found)
        return found

    def current(utc: bool = False, fmt: str | None = None) -> Any:  # noqa: FBT001, FBT002
        """The time, as a value or as text; without a zone, as playbooks expect."""
        moment = now().astimezone(UTC if utc else None).replace(tzinfo=None)
        return moment.strftime(fmt) if fmt else moment

    def undef(hint: str | None = None) -> Absent:
        """A value that must be defined elsewhere."""
        return absent(hint or "mandatory variable has not been overridden")

    return {"lookup": lookup, "query": query, "q": query, "now": current, "undef": undef}


def look_up(name: str, terms: list[Any], call: lookups.Call, warn: Callable[[str], None]) -> Any:
    """Run a lookup by its short or full name.

    Raises:
        PermanentError: the lookup is unknown, or fails and ``errors`` is not ``ignore``.
    """
    errors = call.settings.pop("errors", "strict")
    function = lookups.table.get(name.removeprefix("ansible.builtin."))
    if function is None:
        near = nearest(name, lookups.table)
        hint = f"did you mean {near}?" if near else f"known are {', '.join(lookups.table)}"
        raise PermanentError(f"lookup {name!r} is not known", hint=hint)
    try:
        return function(terms, call)
    except (WarrenError, OSError, LookupError, ValueError, TypeError) as error:
        if errors == "strict":
            told = error.message if isinstance(error, WarrenError) else str(error)
            raise PermanentError(f"lookup {name!r} failed: {told}") from error
        if errors == "warn":
            warn(f"lookup {name!r} failed: {error}")
        return []
