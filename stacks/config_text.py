"""The settings as texts: the file that `everyday init` writes, and the table in the documentation."""

import json
import re
from datetime import date
from typing import Any

from pydantic.fields import FieldInfo

from stacks.config import Config, tables
from stacks.site_table import Site
from stacks.table import Table, extra

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")

_HEAD = """\
# The settings of everyday. `everyday init` writes this file; every setting is explained in
# docs/configuration.md, and a mistake here is refused before anything is deployed.
"""


def as_toml(config: Config) -> str:
    """The whole file, commented; what is unset stands there as a comment with an example."""
    parts = [_table(name, getattr(config, name)) for name in tables()]
    sites = [_table(f"site.{name}", site) for name, site in config.site.items()]
    return "\n".join([_HEAD, *parts, *(sites or [_example()])])


def as_markdown() -> str:
    """The settings of every table, for the documentation."""
    parts = []
    each: dict[str, type[Table]] = {**tables(), "site.NAME": Site}
    for name, table in each.items():
        rows = (_row(key, field) for key, field in table.model_fields.items())
        head = ["| Setting | Default | Allowed | |", "|---|---|---|---|"]
        parts.append("\n".join([f"## `[{name}]`", "", table.__doc__ or "", "", *head, *rows, ""]))
    return "\n".join(parts)


def _table(name: str, table: Table) -> str:
    lines = [f"# {table.__doc__}", f"[{name}]"]
    for key, field in type(table).model_fields.items():
        value = getattr(table, key)
        given = f"# {key} = {_toml(extra(field, 'example'))}" if value is None else f"{key} = {_toml(value)}"
        lines += [f"# {field.description} Allowed: {extra(field, 'allowed')}.", given, ""]
    return "\n".join(lines)


def _example() -> str:
    """A site that is not there: every line a comment."""
    lines = _table("site.blog", Site()).splitlines()
    return "\n".join(line and f"# {line.removeprefix('# ')}" for line in lines) + "\n"


def _row(key: str, field: FieldInfo) -> str:
    default = "unset" if field.default is None else f"`{_toml(field.default)}`"
    return f"| `{key}` | {default} | {extra(field, 'allowed')} | {field.description} |"


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return (
            "{}"
            if not value
            else "{ " + ", ".join(f"{_key(key)} = {_toml(each)}" for key, each in value.items()) + " }"
        )
    # For texts, whole numbers, true, false and lists of texts, JSON is TOML.
    return json.dumps(value, ensure_ascii=False)


def _key(text: str) -> str:
    """A key of an inline table; only plain ones stand without quotes."""
    return text if _PLAIN_KEY.fullmatch(text) else json.dumps(text)
