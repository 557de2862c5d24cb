"""AWS Signature Version 4 as S3 checks it: the path is signed as it is sent, encoded once."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, unquote

SECRET = "test"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
# A proxy may change these under way, so nobody signs them.
_UNSIGNED_HEADERS = {"authorization", "user-agent", "expect", "x-amzn-trace-id"}


def complaint(method: str, path: str, query: str, headers: Mapping[str, str]) -> str | None:
    """S3's error code for this request's signature; None when it is right."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not found:
        return "AccessDenied"
    _, day, region, names, signature = found.groups()
    signed = names.split(";")
    needed = {name for name in headers if name == "host" or name.startswith("x-amz-")} - _UNSIGNED_HEADERS
    if not needed <= set(signed):
        return "AccessDenied"
    text = _canonical(method, path, query, signed, headers)
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{headers.get('x-amz-date', '')}\n{scope}\n{_sha256(text)}"
    right = hmac.new(_key(day, region), to_sign.encode(), "sha256").hexdigest()
    return None if hmac.compare_digest(right, signature) else "SignatureDoesNotMatch"


def _canonical(method: str, path: str, query: str, signed: list[str], headers: Mapping[str, str]) -> str:
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed)
    # S3 signs what it would itself make of the decoded path, not what the client happened to write.
    right_path = quote(unquote(path), safe="/-._~")
    return "\n".join(
        [
            method,
            right_path,
            "&".join(f"{name}={value}" for name, value in pairs),
            lines,
            ";".join(signed),
            headers.get("x-amz-content-sha256", ""),
        ]
    )


@cache
def _key(day: str, region: str) -> bytes:
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
