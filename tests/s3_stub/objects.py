"""What S3 does with one request, without a network: buckets are versioned, errors have S3's codes."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.s3_stub.requests import Refusal, Request, Response, base64, check_body, checksums, kind_of

MOST_KEY_BYTES = 1024
_KEPT = ("content-type", "cache-control", "content-encoding", "content-disposition")


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object; without `body` a delete marker."""

    id: str
    at: datetime
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.body or b"").hexdigest()}"'


class Objects:
    """One bucket of any name. `clock` gives the time that versions carry."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.versions: dict[str, list[Version]] = {}
        self._ids = count(1)
        self._acts: dict[str, Callable[[Request], Response]] = {
            "PutObject": self._put,
            "CopyObject": self._copy,
            "GetObject": self._get,
            "HeadObject": self._get,
            "ListObjectsV2": self._list,
            "ListObjectVersions": self._list_versions,
            "DeleteObjects": self._delete_many,
            "DeleteObject": self._delete_one,
            "CreateBucket": lambda request: Response(),
            "HeadBucket": lambda request: Response(),
        }

    def current(self, key: str) -> Version | None:
        newest = self.versions.get(key, [None])[-1]
        return newest if newest and newest.body is not None else None

    def answer(self, request: Request) -> Response:
        if len(request.key.encode()) > MOST_KEY_BYTES:
            raise Refusal(400, "KeyTooLongError")
        act = self._acts.get(kind_of(request))
        if act is None:
            raise Refusal(501, "NotImplemented")
        return act(request)

    def store(self, key: str, body: bytes, headers: Mapping[str, str], digest: str | None = None) -> Version:
        version = Version(
            id=f"v{next(self._ids)}", at=self.clock(), body=body, headers=dict(headers), digest=digest
        )
        self.versions.setdefault(key, []).append(version)
        return version

    def _put(self, request: Request) -> Response:
        self._check_condition(request)
        check_body(request)
        kept = {name: value for name, value in request.headers.items() if _is_kept(name)}
        digest = request.headers.get("x-amz-checksum-sha256")
        version = self.store(request.key, request.body, kept, digest)
        told = {"x-amz-checksum-sha256": digest} if digest else {}
        return Response(200, {"ETag": version.tag, "x-amz-version-id": version.id, **told})

    def _check_condition(self, request: Request) -> None:
        found = self.current(request.key)
        match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
        if none_match not in (None, "*"):
            raise Refusal(501, "NotImplemented")
        if match is not None and found is None:
            raise Refusal(404, "NoSuchKey")
        if (found and none_match) or (match and found and match != found.tag):
            raise Refusal(412, "PreconditionFailed")

    def _copy(self, request: Request) -> Response:
        source = unquote(request.headers["x-amz-copy-source"]).lstrip("/").partition("/")[2]
        found = self.current(source)
        if not found or found.body is None:
            raise Refusal(404, "NoSuchKey")
        replaced = request.headers.get("x-amz-metadata-directive") == "REPLACE"
        if source == request.key and not replaced:
            raise Refusal(400, "InvalidRequest")  # S3 copies onto itself only to change something
        own = {name: value for name, value in request.headers.items() if _is_kept(name)}
        digest = base64(hashlib.sha256(found.body).digest())
        made = self.store(request.key, found.body, own if replaced else found.headers, digest)
        inner = f"<ETag>{escape(made.tag)}</ETag><LastModified>{_iso(made.at)}</LastModified>"
        return Response(200, {"Content-Type": "application/xml"}, _xml("CopyObjectResult", inner))

    def _get(self, request: Request) -> Response:
        found = self.current(request.key)
        if not found or found.body is None:
            raise Refusal(404, "NoSuchKey")
        told = {**found.headers, "ETag": found.tag, "x-amz-version-id": found.id}
        told["Last-Modified"] = format_datetime(found.at, usegmt=True)
        if found.digest and request.headers.get("x-amz-checksum-mode") == "ENABLED":
            told["x-amz-checksum-sha256"] = found.digest
        return Response(200, told, found.body)

    def _list(self, request: Request) -> Response:
        start = request.query.get("continuation-token") or request.query.get("start-after", "")
        keys = [key for key in self._keys(request) if key > start and self.current(key)]
        page, rest = keys[:1000], keys[1000:]
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
        inner = "".join(self._listed(key) for key in page)
        state = f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated><KeyCount>{len(page)}</KeyCount>"
        return Response(
            200, {"Content-Type": "application/xml"}, _xml("ListBucketResult", state + more + inner)
        )

    def _listed(self, key: str) -> str:
        found = self.current(key)
        assert found is not None
        size = len(found.body or b"")
        return (
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_iso(found.at)}</LastModified>"
            f"<ETag>{escape(found.tag)}</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )

    def _list_versions(self, request: Request) -> Response:
        marker = (request.query.get("key-marker", ""), request.query.get("version-id-marker", ""))
        told = [it for it in self._told(request) if not marker[0] or it[:2] > marker]
        most = int(request.query.get("max-keys", "1000"))
        page, rest = told[:most], told[most:]
        more = ""
        if rest:
            key, place, _ = page[-1]
            more = f"<NextKeyMarker>{escape(key)}</NextKeyMarker>"
            more += f"<NextVersionIdMarker>{place}</NextVersionIdMarker>"
        state = f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{more}"
        inner = "".join(text for *_, text in page)
        return Response(200, {"Content-Type": "application/xml"}, _xml("ListVersionsResult", state + inner))

    def _told(self, request: Request) -> list[tuple[str, str, str]]:
        """Key, place among its versions (the newest first), XML."""
        return [
            (key, f"{number:06}", _version(key, version, latest=number == 0))
            for key in self._keys(request)
            for number, version in enumerate(reversed(self.versions[key]))
        ]

    def _keys(self, request: Request) -> Iterator[str]:
        prefix = request.query.get("prefix", "")
        return (key for key in sorted(self.versions) if key.startswith(prefix))

    def _delete_many(self, request: Request) -> Response:
        if not {"content-md5"} & set(request.headers) and not checksums(request.headers):
            raise Refusal(400, "InvalidRequest")  # S3 wants a digest of this body
        check_body(request)
        wanted = [
            (it.findtext("{*}Key") or "", it.findtext("{*}VersionId"))
            for it in ElementTree.fromstring(request.body).iterfind("{*}Object")
        ]
        if not 0 < len(wanted) <= 1000:
            raise Refusal(400, "MalformedXML")
        for key, version in wanted:
            self._delete(key, version)
        return Response(200, {"Content-Type": "application/xml"}, _xml("DeleteResult", ""))

    def _delete_one(self, request: Request) -> Response:
        self._delete(request.key, request.query.get("versionId"))
        return Response(204)

    def _delete(self, key: str, version_id: str | None) -> None:
        if version_id is None:
            marker = Version(id=f"v{next(self._ids)}", at=self.clock(), body=None)
            self.versions.setdefault(key, []).append(marker)
            return
        left = [it for it in self.versions.get(key, []) if it.id != version_id]
        self.versions.pop(key, None)
        if left:
            self.versions[key] = left


def _is_kept(name: str) -> bool:
    return name in _KEPT or name.startswith("x-amz-meta-")


def _version(key: str, version: Version, *, latest: bool) -> str:
    kind = "DeleteMarker" if version.body is None else "Version"
    size = (
        "" if version.body is None else f"<ETag>{escape(version.tag)}</ETag><Size>{len(version.body)}</Size>"
    )
    return (
        f"<{kind}><Key>{escape(key)}</Key><VersionId>{version.id}</VersionId>"
        f"<IsLatest>{str(latest).lower()}</IsLatest><LastModified>{_iso(version.at)}</LastModified>{size}</{kind}>"
    )


def _xml(root: str, inner: str) -> bytes:
    return f'<?xml version="1.0"?><{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{root}>'.encode()


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")  # S3 knows whole seconds only
