"""What graph.instagram.com answers: one method for each thing that can be asked."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from everyday.photos.model import Section
from everyday_local.instagram.account import Post
from everyday_local.instagram.faults import Effect, Fault
from everyday_local.instagram.fields import Fields, parse_fields
from everyday_local.instagram.graph_errors import bad_parameter, unknown_field, unknown_node
from everyday_local.instagram.listing import FIRST_PAGE, page, window
from everyday_local.instagram.standin import Standin
from everyday_local.instagram.tokens import LONG

Query = Mapping[str, str]
Answer = dict[str, Any]

VERSION = "v25.0"
_UNSEEN = frozenset({Section.ARCHIVED, Section.PROFILE})


class Edges:
    """The answers, without HTTP. Every method raises GraphError."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin
        self._last_page: Answer = {"data": []}

    def is_me(self, node_id: str) -> bool:
        profile = self._standin.account.profile
        return node_id in {"me", profile.user_id, profile.scoped_id}

    def me(self, query: Query) -> Answer:
        return self._standin.describer.user(_fields(query))

    def medium(self, node_id: str, query: Query) -> Answer:
        """A medium, or one child of a carousel."""
        account, describer = self._standin.account, self._standin.describer
        if (post := account.get(node_id)) is not None and post.section not in _UNSEEN:
            return describer.medium(post, _fields(query))
        if (found := account.child(node_id)) is not None:
            return describer.child(*found, _fields(query))
        raise unknown_node(node_id)

    def children(self, node_id: str, query: Query) -> Answer:
        post = self._standin.account.get(node_id)
        if post is None:
            raise unknown_node(node_id)
        return self._standin.describer.children(post, _fields(query)) or {"data": []}

    def media(self, node_id: str, query: Query, faults: Sequence[Fault]) -> Answer:
        """One page of the listing."""
        self._must_be_me(node_id, "media")
        describer, fields = self._standin.describer, _fields(query)
        describer.check(fields)
        found = window(self._standin.account.listed, query)
        data = [describer.medium(post, fields) for post in found.posts]
        address = f"{self._standin.url}/{VERSION}/{self._standin.account.profile.user_id}/media"
        answer = _spoil(page(found, data, address=address, query=query), faults, self._last_page)
        self._last_page = answer
        return answer

    def stories(self, node_id: str, query: Query) -> Answer:
        """The stories of the last 24 hours."""
        self._must_be_me(node_id, "stories")
        describer, fields = self._standin.describer, _fields(query)
        describer.check(fields)
        return {"data": [describer.medium(post, fields) for post in self._fresh_stories()]}

    def refresh(self, query: Query) -> Answer:
        _demand(query, "ig_refresh_token")
        return _token(self._standin.tokens.refresh(query.get("access_token", ""), self._standin.now()))

    def exchange(self, query: Query) -> Answer:
        _demand(query, "ig_exchange_token")
        token, secret = query.get("access_token", ""), query.get("client_secret", "")
        return _token(self._standin.tokens.exchange(token, secret, self._standin.now()))

    def _fresh_stories(self) -> list[Post]:
        now = self._standin.now()
        return [
            post
            for post in self._standin.account.posts
            if post.section is Section.STORY and timedelta(0) <= now - post.taken_at < timedelta(hours=24)
        ]

    def _must_be_me(self, node_id: str, edge: str) -> None:
        if self.is_me(node_id):
            return
        raise unknown_field(edge, "Media") if self._standin.account.get(node_id) else unknown_node(node_id)


def _fields(query: Query) -> Fields:
    return parse_fields(query.get("fields", "id"))


def _demand(query: Query, grant_type: str) -> None:
    if query.get("grant_type") != grant_type:
        raise bad_parameter(f"Invalid grant_type; it must be {grant_type}")


def _token(text: str) -> Answer:
    return {"access_token": text, "token_type": "bearer", "expires_in": int(LONG.total_seconds())}


def _spoil(answer: Answer, faults: Sequence[Fault], last_page: Answer) -> Answer:
    """The page as the faults want it."""
    for fault in faults:
        if fault.do is Effect.EMPTY:
            answer = {"data": []}
        elif fault.do is Effect.REPEAT:
            answer = last_page
        elif fault.do is Effect.CUT:
            cursors = {name: told for name, told in answer.get("paging", {}).items() if name != "next"}
            answer = {**answer, "paging": cursors}
        elif fault.do is Effect.LOOP:
            answer = _to_the_start(answer)
    return answer


def _to_the_start(answer: Answer) -> Answer:
    paging = answer.get("paging", {})
    cursors = paging.get("cursors", {})
    following = paging.get("next", "").replace(cursors.get("after", "-"), FIRST_PAGE)
    return {**answer, "paging": {"cursors": {**cursors, "after": FIRST_PAGE}, "next": following}}
