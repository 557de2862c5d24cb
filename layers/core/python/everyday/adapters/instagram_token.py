"""Instagram's tokens: from a login's code to a short-lived token, to a long-lived one, and on.

Meta: a short-lived token lasts an hour, a long-lived one 60 days; it can be refreshed from 24 hours old until
it expires, and an expired one is dead.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from everyday.adapters.graph_http import GraphHttp
from everyday.errors import SourceUnavailable
from everyday.photos.graph import Answer, failure
from everyday.photos.ports import Refreshed

AUTHORISE_URL = "https://www.instagram.com/oauth/authorize"
SCOPE = "instagram_business_basic"


def authorise_url(*, client_id: str, redirect_uri: str, state: str) -> str:
    """The page where the owner allows the app to read. It leads back to `redirect_uri` with `code`."""
    asked = {"client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": SCOPE}
    return f"{AUTHORISE_URL}?{urlencode({**asked, 'state': state})}"


class TokenApi:
    """Raises OwnerActionNeeded, SourceThrottled, SourceUnavailable; no message holds a token, code or secret.

    `graph` is graph.instagram.com; `login` is api.instagram.com, needed for `redeem` only.
    """

    def __init__(self, graph: GraphHttp, login: GraphHttp | None = None) -> None:
        self._graph = graph
        self._login = login or graph

    def redeem(self, code: str, *, client_id: str, client_secret: str, redirect_uri: str) -> str:
        """The short-lived token for a login's code. A code can be used once, so this is never retried."""
        form = {
            "client_id": client_id,
            "client_secret": client_secret,
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
            "code": code.removesuffix("#_"),  # Instagram appends it to the address it leads back to
        }
        hidden = [client_secret, form["code"]]
        answer = self._login.post("/oauth/access_token", form, hidden=hidden)
        payload = self._judged(answer)
        listed = payload.get("data")  # Meta documents a list of one; a bare object has been seen too
        return _text(listed[0] if isinstance(listed, list) and listed else payload, "access_token")

    def exchange(self, short_token: str, *, client_secret: str) -> Refreshed:
        """The long-lived token for a short-lived one."""
        asked = {"grant_type": "ig_exchange_token", "client_secret": client_secret}
        return self._granted("/access_token", asked, short_token, hidden=[client_secret])

    def refresh(self, access_token: str) -> Refreshed:
        """See `Refresher.refresh`."""
        return self._granted("/refresh_access_token", {"grant_type": "ig_refresh_token"}, access_token)

    def whose(self, access_token: str) -> Mapping[str, str]:
        """`user_id`, `username` and `account_type` of the token's account, as far as Instagram tells."""
        asked = {"fields": "user_id,username,account_type", "access_token": access_token}
        payload = self._graph.retrying(
            lambda: self._judged(self._graph.get("/me", asked, hidden=[access_token]))
        )
        told = {name: payload.get(name) for name in ("user_id", "username", "account_type")}
        return {name: str(value) for name, value in told.items() if value}

    def _granted(
        self, path: str, asked: Mapping[str, str], token: str, *, hidden: Sequence[str] = ()
    ) -> Refreshed:
        def call() -> Refreshed:
            params = {**asked, "access_token": token}
            payload = self._judged(self._graph.get(path, params, hidden=[token, *hidden]))
            expires_in = payload.get("expires_in")
            if not isinstance(expires_in, int) or expires_in <= 0:
                raise SourceUnavailable("Instagram's answer does not say when the token expires")
            return Refreshed(_text(payload, "access_token"), expires_in)

        return self._graph.retrying(call)

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
