"""Instagram's tokens.

Meta: the App Dashboard gives a long-lived token. It lasts 60 days and can be refreshed from 24 hours old
until it expires; an expired one is dead.
"""

from collections.abc import Mapping
from typing import Any

from everyday.adapters.graph_http import GraphHttp
from everyday.errors import SourceUnavailable
from everyday.photos.graph import Answer, failure
from everyday.photos.ports import Refreshed


class TokenApi:
    """Raises OwnerActionNeeded, SourceThrottled, SourceUnavailable; no message holds a token."""

    def __init__(self, graph: GraphHttp) -> None:
        self._graph = graph

    def refresh(self, access_token: str) -> Refreshed:
        """See `Refresher.refresh`."""
        asked = {"grant_type": "ig_refresh_token", "access_token": access_token}

        def call() -> Refreshed:
            payload = self._judged(self._graph.get("/refresh_access_token", asked, hidden=[access_token]))
            expires_in = payload.get("expires_in")
            if not isinstance(expires_in, int) or expires_in <= 0:
                raise SourceUnavailable("Instagram's answer does not say when the token expires")
            return Refreshed(_text(payload, "access_token"), expires_in)

        return self._graph.retrying(call)

    def whose(self, access_token: str) -> Mapping[str, str]:
        """`user_id`, `username` and `account_type` of the token's account, as far as Instagram tells."""
        asked = {"fields": "user_id,username,account_type", "access_token": access_token}
        payload = self._graph.retrying(
            lambda: self._judged(self._graph.get("/me", asked, hidden=[access_token]))
        )
        told = {name: payload.get(name) for name in ("user_id", "username", "account_type")}
        return {name: str(value) for name, value in told.items() if value}

    def _judged(self, answer: Answer) -> dict[str, Any]:
        error = failure(answer, now=self._graph.clock())
        if error:
            raise error
        payload: dict[str, Any] = answer.payload
        return payload


def _text(payload: Any, name: str) -> str:
    value = payload.get(name) if isinstance(payload, dict) else None
    if not isinstance(value, str) or not value:
        raise SourceUnavailable(f"Instagram's answer holds no {name}")
    return value
