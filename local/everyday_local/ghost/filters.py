"""The part of Ghost's filter language (NQL) that a client of posts needs; anything else is refused."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from everyday_local.ghost.problems import Problem

Post = dict[str, Any]
Test = Callable[[Post], bool]

_FIELDS = frozenset(
    {
        "id",
        "uuid",
        "slug",
        "title",
        "status",
        "html",
        "plaintext",
        "canonical_url",
        "feature_image",
        "featured",
    }
    | {"codeinjection_head", "codeinjection_foot", "custom_excerpt", "visibility"}
    | {"published_at", "created_at", "updated_at", "tag", "tags"}
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()\[\],+])|(?P<field>[a-z_.]+):(?P<op>-?~[\^$]?|-|<=|>=|<|>)?|'(?P<quoted>(?:\\.|[^'\\])*)'"""
    r"""|(?P<word>[^\s()\[\],+':]+))"""
)


class _Token(NamedTuple):
    kind: str
    text: str
    op: str


def compile_filter(text: str) -> Test:
    """A test for one post. Raises Problem as Ghost does: a parse error, or a field that does not exist."""
    parser = _Parser(_tokens(text))
    test = parser.either()
    parser.end()
    return test


def _tokens(text: str) -> Sequence[_Token]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise _unreadable()
        kind = next(name for name in ("mark", "field", "quoted", "word") if match[name] is not None)
        found.append(_Token(kind, re.sub(r"\\(.)", r"\1", match[kind]), match["op"] or ""))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = list(tokens)

    def either(self) -> Test:
        tests = [self._both()]
        while self._took(","):
            tests.append(self._both())
        return lambda post: any(test(post) for test in tests)

    def end(self) -> None:
        if self._tokens:
            raise _unreadable()

    def _both(self) -> Test:
        tests = [self._one()]
        while self._took("+"):
            tests.append(self._one())
        return lambda post: all(test(post) for test in tests)

    def _one(self) -> Test:
        if self._took("("):
            inner = self.either()
            self._expect(")")
            return inner
        field = self._next("field")
        if field.text not in _FIELDS:
            message = "Request not understood error, cannot list posts."
            raise Problem(
                "BadRequestError", message, context="Could not understand request.", code="SQLITE_ERROR"
            )
        return _comparison(field.text, field.op, self._values())

    def _values(self) -> Sequence[str]:
        if not self._took("["):
            return (self._next("quoted", "word").text,)
        values = [self._next("quoted", "word").text]
        while self._took(","):
            values.append(self._next("quoted", "word").text)
        self._expect("]")
        return values

    def _took(self, mark: str) -> bool:
        found = bool(self._tokens) and self._tokens[0][:2] == ("mark", mark)
        if found:
            self._tokens.pop(0)
        return found

    def _expect(self, mark: str) -> None:
        if not self._took(mark):
            raise _unreadable()

    def _next(self, *kinds: str) -> _Token:
        if not self._tokens or self._tokens[0].kind not in kinds:
            raise _unreadable()
        return self._tokens.pop(0)


def _comparison(field: str, op: str, values: Sequence[str]) -> Test:
    negative = op.startswith("-")
    compare = _COMPARE[op.removeprefix("-")]
    wanted = [_wanted(field, value) for value in values]

    def test(post: Post) -> bool:
        found = any(compare(have, want) for have in _have(post, field) for want in wanted)
        return found is not negative

    return test


def _wanted(field: str, value: str) -> str:
    """A day is compared as its first moment."""
    is_day = field.endswith("_at") and re.fullmatch(r"\d{4}-\d\d-\d\d", value)
    return f"{value}T00:00:00.000Z" if is_day else value


def _have(post: Post, field: str) -> Sequence[str]:
    if field in {"tag", "tags"}:
        return [tag["slug"] for tag in post["tags"]]
    value = post.get(field)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [] if value is None else [str(value)]


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "": lambda have, want: have == want,
    "<": lambda have, want: have < want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    ">=": lambda have, want: have >= want,
    "~": lambda have, want: want.lower() in have.lower(),
    "~^": lambda have, want: have.lower().startswith(want.lower()),
    "~$": lambda have, want: have.lower().endswith(want.lower()),
}


def _unreadable() -> Problem:
    message = "Request not understood error, cannot list posts."
    return Problem("BadRequestError", message, context="Error parsing filter")
