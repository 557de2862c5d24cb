"""CloudFront's API of key-value stores (`cloudfront-keyvaluestore`), as an unmodified AWS client speaks it.

Signatures are not verified.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from everyday_local.edge.stores import About, Refused, Stores

PREFIX = "/key-value-stores/"

_STATUS = {
    "ConflictException": 409,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
    "ValidationException": 400,
}
_PAGE = 50


class DataPlane:
    """`exists` tells whether the account has a store of this ARN."""

    def __init__(self, stores: Stores, exists: Callable[[str], bool]) -> None:
        self._stores = stores
        self._exists = exists

    async def answer(self, request: Request) -> Response:
        raw = request.scope["raw_path"].decode("ascii").removeprefix(PREFIX).split("/")
        body = await request.body()
        try:
            return await run_in_threadpool(self._answer, request, [unquote(part) for part in raw], body)
        except Refused as error:
            return _refused(error)

    def _answer(self, request: Request, path: list[str], body: bytes) -> Response:
        if not self._exists(path[0]):
            raise Refused("ResourceNotFoundException", f"there is no key-value store {path[0]}")
        match request.method, path[1:]:
            case "GET", []:
                return self._described(path[0])
            case "GET", ["keys"]:
                return self._listed(path[0], request.query_params)
            case "POST", ["keys"]:
                document = _document(body)
                puts = {each["Key"]: each["Value"] for each in document.get("Puts") or ()}
                if len(puts) < len(document.get("Puts") or ()):
                    raise Refused("ValidationException", "a key is named twice")
                deletes = [each["Key"] for each in document.get("Deletes") or ()]
                return self._changed(request, path[0], puts, deletes)
            case method, ["keys", key]:
                return self._one(request, method, path[0], key, body)
        raise Refused("ValidationException", "there is no such call")

    def _one(self, request: Request, method: str, store: str, key: str, body: bytes) -> Response:
        if method == "PUT":
            return self._changed(request, store, {key: _document(body)["Value"]}, [])
        value = self._stores.get(store, key)
        if value is None:
            raise Refused("ResourceNotFoundException", f"the key {key} does not exist")
        if method == "DELETE":
            return self._changed(request, store, {}, [key])
        return JSONResponse({"Key": key, "Value": value, **_sizes(self._stores.about(store))})

    def _described(self, store: str) -> Response:
        about = self._stores.about(store)
        times = {"Created": about.created.timestamp(), "LastModified": about.modified.timestamp()}
        document = {"KvsARN": store, "Status": "READY", **times, **_sizes(about)}
        return JSONResponse(document, headers={"ETag": about.etag})

    def _listed(self, store: str, query: Mapping[str, str]) -> Response:
        most = int(query.get("MaxResults", _PAGE))
        pairs = self._stores.after(store, query.get("NextToken", ""), most + 1)
        document: dict[str, Any] = {"Items": [{"Key": key, "Value": value} for key, value in pairs[:most]]}
        if len(pairs) > most:
            document["NextToken"] = pairs[most - 1][0]
        return JSONResponse(document)

    def _changed(self, request: Request, store: str, puts: Mapping[str, str], deletes: list[str]) -> Response:
        etag = request.headers.get("if-match")
        if etag is None:
            raise Refused("ValidationException", "the header If-Match is missing")
        about = self._stores.change(store, etag, puts, deletes)
        return JSONResponse(_sizes(about), headers={"ETag": about.etag})


def _sizes(about: About) -> dict[str, int]:
    return {"ItemCount": about.keys, "TotalSizeInBytes": about.size}


def _document(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refused("ValidationException", str(error)) from error


def _refused(error: Refused) -> Response:
    headers = {"x-amzn-errortype": error.code}
    return JSONResponse({"Message": str(error)}, _STATUS[error.code], headers=headers)
