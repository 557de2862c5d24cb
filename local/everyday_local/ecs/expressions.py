"""The cluster query language: which container instances an expression of a `memberOf` constraint selects.

Grammar after the page «Create expressions to define container instances» of the ECS developer guide:
`subject operator [argument]`, joined by and/&&, or/||, not/!, and parentheses.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from everyday_local.ecs.errors import EcsError, invalid

MAX_LENGTH = 2000

Facts = Mapping[str, Sequence[str]]
"""The values of each subject, such as {"ec2InstanceId": ["i-1"]}; a subject without values is not there."""

Predicate = Callable[[Facts], bool]

_EQUALITY = {"==", "!=", "in", "!in", "=~", "!~"}
_ORDER = {"==", "!=", ">", ">=", "<", "<="}
_OPERATORS = {
    "agentConnected": _EQUALITY,
    "agentVersion": _ORDER,
    "ec2InstanceId": _EQUALITY,
    "registeredAt": _ORDER,
    "runningTasksCount": _ORDER,
    "task:group": _EQUALITY | {"exists", "!exists"},
}
_OF_ATTRIBUTES = _EQUALITY | _ORDER | {"exists", "!exists"}
_WORDS = {
    "equals": "==",
    "not_equals": "!=",
    "greater_than": ">",
    "greater_than_equal": ">=",
    "less_than": "<",
    "less_than_equal": "<=",
    "not_exists": "!exists",
    "not_in": "!in",
    "matches": "=~",
    "not_matches": "!~",
}
_NEGATED = {"!=": "==", "!in": "in", "!~": "=~", "!exists": "exists"}
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<op>&&|\|\||==|!=|=~|!~|>=|<=|>|<|!in\b|!exists\b|!|\(|\)|\[|\]|,)"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\""
    r"|(?P<word>[^\s()\[\],!=<>&|'\"]+))"
)
_PATTERN = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\"|((?:[^\s()]|\((?:[^()]*)\))+))")


@lru_cache(maxsize=1024)
def parse(expression: str) -> Predicate:
    """The expression as a test of an instance. Raises EcsError (InvalidParameterException)."""
    if len(expression) > MAX_LENGTH:
        raise invalid(f"The expression of a placement constraint may have at most {MAX_LENGTH} characters.")
    return _Parser(expression).whole()


@dataclass(frozen=True)
class _Token:
    text: str
    literal: bool


class _Parser:
    """Recursive descent: or, and, not, and what stands between them."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def whole(self) -> Predicate:
        predicate = self._either()
        if self._peek() is not None:
            raise self._error()
        return predicate

    def _either(self) -> Predicate:
        sides = [self._both()]
        while self._took("or", "||"):
            sides.append(self._both())
        return sides[0] if len(sides) == 1 else lambda facts: any(side(facts) for side in sides)

    def _both(self) -> Predicate:
        sides = [self._negation()]
        while self._took("and", "&&"):
            sides.append(self._negation())
        return sides[0] if len(sides) == 1 else lambda facts: all(side(facts) for side in sides)

    def _negation(self) -> Predicate:
        if self._took("not", "!"):
            inner = self._negation()
            return lambda facts: not inner(facts)
        if self._took("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        subject, word = self._word(), self._next().text
        name = _WORDS.get(word, word)
        allowed = _OF_ATTRIBUTES if subject.startswith("attribute:") else _OPERATORS.get(subject)
        if allowed is None or name not in allowed:
            raise self._error()
        base = _NEGATED.get(name, name)
        test = self._test(subject, base)
        return test if base == name else lambda facts: not test(facts)

    def _test(self, subject: str, name: str) -> Predicate:
        if name == "exists":
            return lambda facts: subject in facts
        if name == "in":
            wanted = self._list()
            return lambda facts: any(value in wanted for value in facts.get(subject, ()))
        if name == "=~":
            pattern = self._pattern()
            return lambda facts: any(pattern.fullmatch(value) for value in facts.get(subject, ()))
        argument = self._next().text
        if name == "==":
            return lambda facts: argument in facts.get(subject, ())
        holds, edge = _COMPARES[name], _ordered(argument)
        return lambda facts: any(_safely(holds, _ordered(value), edge) for value in facts.get(subject, ()))

    def _list(self) -> set[str]:
        self._expect("[")
        values = {self._next().text}
        while self._took(","):
            values.add(self._next().text)
        self._expect("]")
        return values

    def _pattern(self) -> re.Pattern[str]:
        match = _PATTERN.match(self._text, self._at)
        if match is None:
            raise self._error()
        self._at = match.end()
        try:
            return re.compile(next(group for group in match.groups() if group is not None))
        except re.error as error:
            raise self._error() from error

    def _peek(self) -> _Token | None:
        if not self._text[self._at :].strip():
            return None
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise self._error()
        literal = match["single"] if match["single"] is not None else match["double"]
        if literal is not None:
            return _Token(literal, literal=True)
        return _Token(match["op"] or match["word"], literal=False)

    def _next(self) -> _Token:
        token = self._peek()
        match = _TOKEN.match(self._text, self._at)
        if token is None or match is None:
            raise self._error()
        self._at = match.end()
        return token

    def _word(self) -> str:
        token = self._next()
        if token.literal:
            raise self._error()
        return token.text

    def _took(self, *texts: str) -> bool:
        token = self._peek()
        if token is None or token.literal or token.text not in texts:
            return False
        self._next()
        return True

    def _expect(self, text: str) -> None:
        if not self._took(text):
            raise self._error()

    def _error(self) -> EcsError:
        return invalid(f"Invalid expression {self._text!r}: not understood from character {self._at}.")


def _ordered(text: str) -> Any:
    """Numbers and versions compare by their numbers, all else (dates) as text."""
    parts = text.split(".")
    return [int(part) for part in parts] if all(part.isdigit() for part in parts) else text


def _safely(holds: Callable[[Any, Any], bool], value: Any, edge: Any) -> bool:
    return type(value) is type(edge) and holds(value, edge)


_PIN = re.compile(r"\s*ec2InstanceId\s*(?:==|equals)\s*'?([\w-]+)'?\s*")


def pinned(expression: str) -> str | None:
    """The only EC2 instance that the expression can select, when that is all it says."""
    match = _PIN.fullmatch(expression)
    return match[1] if match else None
