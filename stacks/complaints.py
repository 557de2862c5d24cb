"""What is wrong in `everyday.toml`, in our own words: the key, what was given and what is allowed."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from stacks.site_table import SITE_NAMES, Site
from stacks.table import Table, extra

_SITE = "site"
_Place = tuple[int | str, ...]


def complaint(detail: ErrorDetails, tables: Mapping[str, type[Table]]) -> str:
    """One line for one mistake; `tables` are those that the file has once."""
    table, inside = str(detail["loc"][0]), detail["loc"][1:]
    if table == _SITE:
        return _of_a_site(inside, detail)
    if table not in tables:
        return f"[{table}] is not a table of this version; {_choice(table, [*tables, _SITE])}"
    return _of_a_table(table, tables[table], inside, detail)


def _of_a_site(inside: _Place, detail: ErrorDetails) -> str:
    if not inside:
        return f"[site.NAME] tables are wrong together; allowed: {SITE_NAMES}"
    if inside[1:] == ("[key]",):
        return f"[site.{inside[0]}] cannot be; allowed: {SITE_NAMES}"
    return _of_a_table(f"{_SITE}.{inside[0]}", Site, inside[1:], detail)


def _of_a_table(name: str, table: type[Table], inside: _Place, detail: ErrorDetails) -> str:
    if not inside:
        return f"{name} must be a table, [{name}], got {_shown(detail['input'])}"
    key, fields = str(inside[0]), table.model_fields
    if key not in fields:
        return f"{name}.{key} is not a setting; {_choice(key, fields)}"
    rest = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inside[1:])
    where = f"{name}.{key}{rest.removesuffix('.[key]')}"
    return f"{where} is {_shown(detail['input'])}; allowed: {extra(fields[key], 'allowed')}"


def _choice(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"Known: {', '.join(known)}"


def _shown(value: Any) -> str:
    text = (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    kinds = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
    return f"{text[:80]} ({kinds.get(type(value), type(value).__name__)})"
