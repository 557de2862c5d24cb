"""The errors of graph.instagram.com, as it words them."""

import secrets
from typing import Any

THROTTLES = frozenset({4, 17, 32, 613, *range(80000, 80010)})

_REFUSED = "Error validating access token: "
_MESSAGES = {
    (190, 458): f"{_REFUSED}The user has not authorized the application.",
    (190, 459): f"{_REFUSED}You cannot access the app till you log in and follow the instructions.",
    (190, 460): f"{_REFUSED}The session is invalid because the user changed their password.",
    (190, 463): f"{_REFUSED}Session has expired.",
    (190, 464): f"{_REFUSED}The user is not a confirmed user.",
    (190, 467): f"{_REFUSED}The access token is invalid.",
}
_BY_CODE = {
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    3: "(#3) Application does not have the capability to make this API call.",
    4: "(#4) Application request limit reached",
    10: "(#10) Application does not have permission for this action",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    102: "Session key invalid or no longer valid",
    190: "Invalid OAuth access token - Cannot parse access token",
    341: "(#341) Application limit reached",
    368: "(#368) The action attempted has been deemed abusive or is otherwise disallowed",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80002: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
}


class GraphError(Exception):
    """An answer that is an error. `minutes`: how long a throttled caller is told to wait."""

    def __init__(
        self,
        code: int,
        subcode: int | None = None,
        *,
        message: str | None = None,
        kind: str = "OAuthException",
        status: int | None = None,
        minutes: int = 0,
    ) -> None:
        super().__init__(
            message or _MESSAGES.get((code, subcode or 0)) or _BY_CODE.get(code, f"(#{code}) Error")
        )
        self.code, self.subcode, self.kind, self.minutes = code, subcode, kind, minutes
        self.transient = code in {1, 2}
        self.status = status or (500 if self.transient else 400)

    def body(self) -> dict[str, Any]:
        """The JSON document of the answer."""
        told: dict[str, Any] = {"message": str(self), "type": self.kind, "code": self.code}
        if self.subcode is not None:
            told["error_subcode"] = self.subcode
        told["is_transient"] = self.transient
        return {"error": {**told, "fbtrace_id": "A" + secrets.token_urlsafe(16)}}


def unknown_field(name: str, node: str) -> GraphError:
    message = f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})"
    return GraphError(100, message=message, kind="IGApiException")


def unknown_node(node_id: str, method: str = "get") -> GraphError:
    message = (
        f"Unsupported {method} request. Object with ID '{node_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return GraphError(100, 33, message=message, kind="GraphMethodException")


def unsupported_method(method: str) -> GraphError:
    message = f"Unsupported request - method type: {method.lower()}"
    return GraphError(100, message=message, kind="IGApiException")


def bad_parameter(message: str) -> GraphError:
    return GraphError(100, message=f"(#100) {message}", kind="IGApiException")
