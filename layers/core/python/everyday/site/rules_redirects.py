"""The owner's `_redirects`, in Netlify's syntax, for the edge.

    /old-page     /new-page                     the status is 301 unless it is given
    /news/*       /blog/:splat          302     * matches the rest of a path, also nothing
    /:year/:slug  /posts/:year-:slug    301     a placeholder matches one segment
    /store id=:id /blog/:id             301     a query parameter: `:id` takes it, another word must be it
    /app/*        /app/index.html       200     shows a page of the site under another address
    /en/*         /en/404.html          404     shows a folder's own page for what is missing
    /about        /team                 301!    even if there is a page /about
    /             /de/                  302  Language=de     the language that the visitor likes best

The first line that fits counts. A page of the site wins over a rule without `!`, and a renamed asset over
every one. A `/` at the end of a path makes no difference. A redirect keeps the visitor's query unless its
target has one or the rule asks for parameters (more of them do no harm). A target may name an asset by its
old name. What is after `#` is a comment.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from everyday.site.edge_tree import slot
from everyday.site.rules_paths import PATTERN, anywhere, elsewhere, fixed, plain

FILE = "_redirects"

_STATUS = re.compile(r"(\d{3})(!?)\Z")
_ALLOWED = {"200", "301", "302", "303", "307", "308", "404"}
_SHOWN = {"200", "404"}
_LONGEST = 700
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_QUERY = re.compile(r"[^/=:?#]+=[^=]*\Z")
_NO_PROXY = "the edge cannot fetch from another host; redirect there with 301 or 302"
_CONDITIONS = {
    "country": "the edge is not told the visitor's country",
    "role": "the edge knows no roles",
    "cookie": "the edge looks at no cookies of yours",
}


class Compiled(NamedTuple):
    """`exact`: lines by the slot of their path. `patterns`: lines of all others. `forced`: one of these may
    win over a page."""

    exact: Mapping[str, Sequence[str]]
    patterns: str
    forced: bool
    problems: tuple[str, ...]


class _Rule(NamedTuple):
    path: str
    query: tuple[str, ...]
    target: str
    status: str
    languages: str

    @property
    def pattern(self) -> bool:
        return bool(self.query or self.languages or PATTERN.search(self.path))


class _Refused(Exception):
    """A line that the edge cannot follow; its message is the reason."""


def compiled(text: str, pages: Mapping[str, str], renamed: Mapping[str, str]) -> Compiled:
    """The rules as the edge reads them; each line that it cannot follow is a problem with its reason."""
    exact: dict[str, list[str]] = {}
    patterns, problems, forced = [], [], False
    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        try:
            rule = _rule(words, pages, renamed)
        except _Refused as refused:
            problems.append(f"{FILE}:{number}: {refused}")
            continue
        if rule.pattern:
            patterns.append(_line(number, rule))
            forced = forced or rule.status.endswith("!")
        else:
            exact.setdefault(slot(rule.path), []).append(_line(number, rule))
    return Compiled(exact, "\n".join(patterns), forced, tuple(problems))


def _words(line: str) -> list[str]:
    """The words of a line up to its comment; a `#` inside a word is a fragment."""
    words = line.split()
    comment = next((at for at, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:comment]


def _rule(words: Sequence[str], pages: Mapping[str, str], renamed: Mapping[str, str]) -> _Rule:
    path, reason = plain(words[0])
    if reason:
        raise _Refused(reason)
    rest = list(words[1:])
    query = []
    while rest and _QUERY.match(rest[0]):
        query.append(rest.pop(0))
    if not rest or not (rest[0].startswith("/") or elsewhere(rest[0])):
        raise _Refused("it has no target; write: /from /to 301")
    target = quote(_renamed(rest.pop(0), renamed), safe=_ASCII)
    status = rest.pop(0) if rest and _STATUS.match(rest[0]) else "301"
    rule = _Rule(path, tuple(query), target, status, _languages(rest))
    _check(rule, pages, renamed)
    return rule


def _languages(conditions: Sequence[str]) -> str:
    languages = ""
    for condition in conditions:
        name, _, values = condition.partition("=")
        if name.lower() != "language" or not values:
            reason = _CONDITIONS.get(name.lower(), "it is no status and no condition that there is")
            raise _Refused(f"{condition}: {reason}")
        languages = values.lower()
    return languages


def _renamed(target: str, renamed: Mapping[str, str]) -> str:
    """The target by its new name, if it is an asset."""
    path, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", target).groups()  # type: ignore[union-attr]
    new = renamed.get(unquote(path).lstrip("/")) if path.startswith("/") else None
    return f"/{quote(new)}{mark}{rest}" if new else target


def _check(rule: _Rule, pages: Mapping[str, str], renamed: Mapping[str, str]) -> None:
    status = rule.status.rstrip("!")
    if status not in _ALLOWED:
        raise _Refused(f"{status} is none of {', '.join(sorted(_ALLOWED))}")
    if anywhere(rule.target):
        raise _Refused(
            "its target has a placeholder in the host, so visitors could be sent anywhere; write the host out"
        )
    if len(_line(99999, rule).encode()) > _LONGEST:
        raise _Refused(f"it is longer than {_LONGEST} bytes")
    if status in _SHOWN:
        _check_shown(rule.target, status, pages, renamed)


def _check_shown(target: str, status: str, pages: Mapping[str, str], renamed: Mapping[str, str]) -> None:
    if elsewhere(target):
        raise _Refused(_NO_PROXY)
    path = unquote(target.partition("?")[0].partition("#")[0]).lstrip("/")
    if status == "404" and path.rpartition("/")[2] != "404.html":
        raise _Refused("the edge answers 404 only with a page called 404.html, in any folder")
    if ":" in path:
        return
    if not any(each in pages for each in shows(path)) and path not in renamed.values():
        raise _Refused(f"{target} is not on the site")


def shows(path: str) -> tuple[str, ...]:
    """The files that may be shown for a path, the first that there is."""
    folder = path.removesuffix("/")
    index = f"{folder}/index.html" if folder else "index.html"
    return (index,) if path in {"", f"{folder}/"} else (path, f"{path}.html", index)


def _line(number: int, rule: _Rule) -> str:
    if not rule.pattern:
        return "\t".join([rule.path, str(number), rule.status, rule.target])
    fields = [str(fixed(rule.path)), rule.path, str(number), rule.status, rule.target]
    return "\t".join([*fields, "&".join(rule.query), rule.languages])
