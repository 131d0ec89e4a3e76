"""Filters on lists and mappings: combining, sets, flattening, pairing."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from jinja2 import Environment, pass_environment

from warren.model.errors import PermanentError, Unsupported

_list_merges = ("replace", "keep", "append", "prepend", "append_rp", "prepend_rp")


def combine(*tables: Any, recursive: bool = False, list_merge: str = "replace") -> dict[Any, Any]:
    """Mappings laid over each other, later ones on top."""
    if list_merge not in _list_merges:
        raise PermanentError(f"list_merge must be one of {', '.join(_list_merges)}")
    merged: dict[Any, Any] = {}
    for table in flatten(list(tables), skip_nulls=False):
        if not isinstance(table, Mapping):
            raise PermanentError(f"combine needs mappings, not {type(table).__name__}")
        merged = _merge(merged, table, recursive=recursive, list_merge=list_merge)
    return merged


def _merge(
    low: Mapping[Any, Any], high: Mapping[Any, Any], *, recursive: bool, list_merge: str
) -> dict[Any, Any]:
    merged = dict(low)
    for key, value in high.items():
        old = merged.get(key)
        if recursive and isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(old, value, recursive=True, list_merge=list_merge)
        elif key in merged and isinstance(old, list) and isinstance(value, list):
            merged[key] = _merge_lists(old, value, list_merge)
        else:
            merged[key] = value
    return merged


def _merge_lists(low: list[Any], high: list[Any], how: str) -> list[Any]:
    if how == "keep":
        return low
    if how == "append":
        return low + high
    if how == "prepend":
        return high + low
    if how == "append_rp":
        return [item for item in low if item not in high] + high
    if how == "prepend_rp":
        return high + [item for item in low if item not in high]
    return high


def flatten(
    items: Iterable[Any],
    levels: int | None = None,
    skip_nulls: bool = True,  # noqa: FBT001, FBT002 - called from templates
) -> list[Any]:
    """Lists in a list as one list; ``levels`` bounds how deep."""
    flat: list[Any] = []
    for item in items:
        if skip_nulls and item in (None, "None", "null"):
            continue
        if isinstance(item, list | tuple) and (levels is None or levels >= 1):
            deeper = None if levels is None else levels - 1
            flat.extend(flatten(item, deeper, skip_nulls))
        else:
            flat.append(item)
    return flat


def dict2items(
    table: Mapping[Any, Any], key_name: str = "key", value_name: str = "value"
) -> list[dict[str, Any]]:
    """A mapping as a list of its pairs."""
    if not isinstance(table, Mapping):
        raise PermanentError(f"dict2items needs a mapping, not {type(table).__name__}")
    return [{key_name: key, value_name: value} for key, value in table.items()]


def items2dict(
    pairs: Sequence[Mapping[Any, Any]], key_name: str = "key", value_name: str = "value"
) -> dict[Any, Any]:
    """A list of pairs as a mapping."""
    if isinstance(pairs, str | Mapping) or not isinstance(pairs, Sequence):
        raise PermanentError(f"items2dict needs a list, not {type(pairs).__name__}")
    return {pair[key_name]: pair[value_name] for pair in pairs}


def unique(
    items: Iterable[Any],
    case_sensitive: bool | None = None,  # noqa: FBT001 - called from templates
    attribute: str | None = None,
) -> list[Any]:
    """Each item once, in order of first mention."""
    seen: list[Any] = []
    kept: list[Any] = []
    for item in items:
        key = item[attribute] if attribute else item
        if case_sensitive is False and isinstance(key, str):
            key = key.lower()
        if key not in seen:
            seen.append(key)
            kept.append(item)
    return kept


def union(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in either."""
    return unique([*one, *other])


def intersect(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in both."""
    members = list(other)
    return unique(item for item in one if item in members)


def difference(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in the first only."""
    members = list(other)
    return unique(item for item in one if item not in members)


def symmetric_difference(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in exactly one of the two."""
    first, second = list(one), list(other)
    return difference(union(first, second), intersect(first, second))


def subelements(
    items: Any,
    path: str | Sequence[str],
    skip_missing: bool = False,  # noqa: FBT001, FBT002 - called from templates
) -> list[tuple[Any, Any]]:
    """Each item paired with each element of a list within it."""
    steps = path.split(".") if isinstance(path, str) else list(path)
    pairs: list[tuple[Any, Any]] = []
    for item in items.values() if isinstance(items, Mapping) else items:
        values: Any = item
        for step in steps:
            if not isinstance(values, Mapping) or step not in values:
                if not skip_missing:
                    raise PermanentError(f"subelements: {'.'.join(steps)!r} is not in every item")
                values = []
                break
            values = values[step]
        if not isinstance(values, list | tuple):
            raise PermanentError(f"subelements: {'.'.join(steps)!r} is no list in every item")
        pairs.extend((item, value) for value in values)
    return pairs


@pass_environment
def extract(environment: Environment, key: Any, container: Any, *more: Any) -> Any:
    """A container's item, and an item of that, by keys."""
    value = environment.getitem(container, key)
    deeper = more[0] if len(more) == 1 and isinstance(more[0], list) else more
    for step in deeper:
        value = environment.getitem(value, step)
    return value


def rekey_on_member(
    items: Any, key: str, duplicates: str = "error"
) -> dict[Any, Mapping[Any, Any]]:
    """Mappings by one of their entries."""
    found: dict[Any, Mapping[Any, Any]] = {}
    for item in items.values() if isinstance(items, Mapping) else items:
        if key not in item:
            raise PermanentError(f"rekey_on_member: an item has no {key!r}")
        if item[key] in found and duplicates == "error":
            raise PermanentError(f"rekey_on_member: {item[key]!r} is there twice")
        found[item[key]] = item
    return found


def zipped(*lists: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Lists side by side, as long as the shortest."""
    return list(zip(*lists, strict=False))


def zip_longest(*lists: Iterable[Any], fillvalue: Any = None) -> list[tuple[Any, ...]]:
    """Lists side by side, as long as the longest."""
    return list(itertools.zip_longest(*lists, fillvalue=fillvalue))


def json_query(value: Any, expression: str) -> Any:
    """What a JMESPath expression selects."""
    if find_spec("jmespath") is None:
        raise Unsupported(
            "json_query needs the Python package jmespath",
            hint="install it beside warren, or use selectattr, map and dict2items",
        )
    jmespath: Any = import_module("jmespath")
    return jmespath.search(expression, value)


def product(*lists: Iterable[Any], repeat: int = 1) -> list[tuple[Any, ...]]:
    """Every choice of one item from each list."""
    return list(itertools.product(*lists, repeat=repeat))


def permutations(items: Iterable[Any], size: int | None = None) -> list[tuple[Any, ...]]:
    """Every order of ``size`` of the items."""
    return list(itertools.permutations(items, size))


def combinations(items: Iterable[Any], size: int) -> list[tuple[Any, ...]]:
    """Every choice of ``size`` of the items."""
    return list(itertools.combinations(items, size))


filters: dict[str, Callable[..., Any]] = {
    "combinations": combinations,
    "combine": combine,
    "dict2items": dict2items,
    "difference": difference,
    "extract": extract,
    "flatten": flatten,
    "intersect": intersect,
    "items2dict": items2dict,
    "json_query": json_query,
    "permutations": permutations,
    "product": product,
    "rekey_on_member": rekey_on_member,
    "subelements": subelements,
    "symmetric_difference": symmetric_difference,
    "union": union,
    "unique": unique,
    "zip": zipped,
    "zip_longest": zip_longest,
}
