"""Checks the token of a request as Ghost 6.65 does: HS256, audience, expiry, at most 5 minutes old."""

import re

import jwt

from everyday_local.ghost.problems import Problem

_MAX_AGE_SECONDS = 300
_AUDIENCE = re.compile(r"/?admin/?$")


def check(header: str | None, key: str, *, now: float) -> None:
    """Pass, or raise the Problem Ghost answers with. `key` is the Admin API key, `now` in Unix seconds."""
    if header is None:
        raise Problem("NoPermissionError", "Authorization failed", context="Unable to determine the user.")
    scheme, _, token = header.partition(" ")
    if scheme != "Ghost":
        raise _refused('Authorization header format is "Authorization: Ghost [token]"', "INVALID_AUTH_HEADER")
    name, _, secret = key.partition(":")
    _check_name(token, name)
    try:
        claims = jwt.decode(
            token,
            bytes.fromhex(secret),
            algorithms=["HS256"],
            # Times are judged below by the clock that was given; a token from the future is no error.
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidAlgorithmError:
        raise _refused("Invalid token: invalid algorithm") from None
    except jwt.InvalidTokenError:
        raise _refused("Invalid token: invalid signature") from None
    if reason := _expired(claims, now):
        raise _refused(f"Invalid token: {reason}")


def _check_name(token: str, name: str) -> None:
    try:
        told = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError:
        raise Problem("BadRequestError", "Invalid token", code="INVALID_JWT") from None
    if not told:
        raise Problem("BadRequestError", "Admin API kid missing.", code="MISSING_ADMIN_API_KID")
    if told != name:
        raise _refused("Unknown Admin API Key", "UNKNOWN_ADMIN_API_KEY")


def _expired(claims: dict[str, object], now: float) -> str | None:
    made, ends = claims.get("iat"), claims.get("exp")
    if not _AUDIENCE.search(str(claims.get("aud", ""))):
        return "jwt audience invalid. expected: /\\/?admin\\/?$/"
    if isinstance(ends, (int, float)) and ends <= now:
        return "jwt expired"
    if not isinstance(made, (int, float)):
        return "iat required when maxAge is specified"
    return "maxAge exceeded" if now - made >= _MAX_AGE_SECONDS else None


def _refused(message: str, code: str = "INVALID_JWT") -> Problem:
    return Problem("UnauthorizedError", message, code=code)
