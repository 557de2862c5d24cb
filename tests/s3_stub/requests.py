"""What a request to S3 asks for, and whether its body is the one that it says."""

import binascii
import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import NamedTuple


class Request(NamedTuple):
    """`headers` have lower-case names, `query` is decoded; `body` without chunks of a streaming signature."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Refusal(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def kind_of(request: Request) -> str:
    """S3's name of what is asked."""
    query, headers = request.query, request.headers
    if not request.key:
        if "versions" in query:
            return "ListObjectVersions"
        if request.method == "POST" and "delete" in query:
            return "DeleteObjects"
        return {"GET": "ListObjectsV2", "PUT": "CreateBucket", "HEAD": "HeadBucket"}.get(
            request.method, "Other"
        )
    if {"uploads", "uploadId"} & set(query):
        return "Multipart"
    if request.method == "PUT":
        return "CopyObject" if "x-amz-copy-source" in headers else "PutObject"
    return {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}.get(request.method, "Other")


def check_body(request: Request) -> None:
    """Raises Refusal when the body is not what a digest of the request says."""
    told, body = request.headers, request.body
    if (md5 := told.get("content-md5")) and b64decode(md5) != hashlib.md5(body).digest():
        raise Refusal(400, "BadDigest")
    for name, value in checksums(told).items():
        if (made := _checksum(name, body)) is not None and made != value:
            raise Refusal(400, "BadDigest")


def checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """Digests of the whole body; the algorithm's name, and what kind it is, are none."""
    start = "x-amz-checksum-"
    found = {name.removeprefix(start): value for name, value in headers.items() if name.startswith(start)}
    return {name: value for name, value in found.items() if name not in ("type", "algorithm", "mode")}


def _checksum(name: str, body: bytes) -> str | None:
    if name == "crc32":
        return base64(zlib.crc32(body).to_bytes(4, "big"))
    return base64(hashlib.new(name, body).digest()) if name in ("sha1", "sha256") else None


def unchunked(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The content and the trailing headers of an `aws-chunked` body. Raises Refusal."""
    content = bytearray()
    at = 0
    try:
        while True:
            end = body.index(b"\r\n", at)
            size = int(body[at:end].partition(b";")[0], 16)
            at = end + 2
            if not size:
                break
            content += body[at : at + size]
            at += size + 2
    except (ValueError, binascii.Error) as error:
        raise Refusal(400, "IncompleteBody") from error
    lines = body[at:].decode("latin-1").splitlines()
    return bytes(content), {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }


def base64(digest: bytes) -> str:
    return b64encode(digest).decode()
