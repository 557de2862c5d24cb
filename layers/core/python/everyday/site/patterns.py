"""The patterns of the owner: globs as in a `.gitignore`, matched against paths from the site's root.

| pattern | fits |
|---|---|
| `*.pdf` | every PDF: a pattern without `/` fits the name of a file or of a folder, at any depth |
| `img` | every file named `img`, and all that is in any folder of that name |
| `img/` | only what is in any folder of that name |
| `img/*.png`, `/notes.txt` | with a `/` in front or within: from the root; `*` and `?` never fit a `/` |
| `img/**`, `**/raw/*.tif` | `**` fits any number of folders, also none |
| `[a-c]`, `[!x]` | one character of these, one that is none of these |

Capital letters count. There is no `!`: what one pattern fits stays.
"""

import re
from collections.abc import Callable
from functools import cache

from everyday.errors import SettingsError

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@cache
def fits(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a path fits any of the patterns. Raises SettingsError for one that is no pattern."""
    expression = re.compile(
        "|".join(f"(?:{_translated(pattern)})" for pattern in patterns) or "(?!)", re.DOTALL
    )
    return lambda path: expression.fullmatch(path) is not None


def _translated(pattern: str) -> str:
    rest = pattern.removesuffix("/").removeprefix("/")
    if not rest or pattern.startswith("!"):
        raise SettingsError(f"{pattern!r} is no pattern of paths: write one such as `img/**` or `*.pdf`")
    anywhere = "" if "/" in pattern.removesuffix("/") else "(?:.*/)?"
    below = "/.*" if pattern.endswith("/") else "(?:/.*)?"
    try:
        expression = anywhere + "".join(map(_part, _TOKEN.findall(rest))) + below
        re.compile(expression)
    except re.error as error:
        raise SettingsError(f"{pattern!r} is no pattern of paths: {error}") from error
    return expression


def _part(token: str) -> str:
    if len(token) > 2 and token.startswith("["):
        inner = token[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^/{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    return _WILD.get(token) or re.escape(token)
