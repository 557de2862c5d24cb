"""The `fields` parameter: `id,caption,children{id,media_url}` as a tree."""

import re

from everyday_local.instagram.graph_errors import GraphError

Fields = dict[str, "Fields"]

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[{},])\s*")


def parse_fields(text: str) -> Fields:
    """The asked fields in their order; each maps to the fields asked of it. Raises GraphError 2500."""
    tokens = _tokens(text)
    fields, rest = _list(tokens, 0)
    if rest != len(tokens):
        raise _syntax_error(text)
    return fields


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _syntax_error(text)
        tokens.append(match[1])
        place = match.end()
    return tokens


def _list(tokens: list[str], place: int) -> tuple[Fields, int]:
    fields: Fields = {}
    while place < len(tokens) and tokens[place] not in "{},":
        name, place = tokens[place], place + 1
        fields[name] = {}
        if tokens[place : place + 1] == ["{"]:
            fields[name], place = _list(tokens, place + 1)
            if tokens[place : place + 1] != ["}"]:
                raise _syntax_error(" ".join(tokens))
            place += 1
        if tokens[place : place + 1] != [","]:
            break
        place += 1
    return fields, place


def _syntax_error(text: str) -> GraphError:
    return GraphError(2500, message=f'Syntax error in the field list "{text[:80]}"', kind="IGApiException")
