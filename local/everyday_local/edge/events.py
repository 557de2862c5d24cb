"""A request and a response as CloudFront Functions see them («CloudFront Functions event structure»)."""

import base64
from collections.abc import Mapping
from typing import Any

from everyday.site.rules_headers import forbidden
from everyday_local.edge.model import Answer, Asked, Distribution

_HIDDEN = {"content-length", "transfer-encoding", "connection"}
_READ_ONLY = {"host", "content-length", "transfer-encoding", "via"}


class Invalid(Exception):
    """What a function returned is not what it may return: CloudFront answers 502."""


def request_of(asked: Asked) -> dict[str, Any]:
    cookies = {}
    for pair in asked.headers.get("cookie", "").split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            cookies[name] = {"value": value}
    headers = {name: {"value": value} for name, value in asked.headers.items() if name != "cookie"}
    return {
        "method": asked.method,
        "uri": asked.path,
        "querystring": _query(asked.query),
        "headers": headers,
        "cookies": cookies,
    }


def _query(text: str) -> dict[str, Any]:
    """Names and values stay encoded."""
    found: dict[str, list[str]] = {}
    for pair in filter(None, text.split("&")):
        name, _, value = pair.partition("=")
        found.setdefault(name, []).append(value)
    return {
        name: {"value": values[0]}
        if len(values) == 1
        else {"value": values[0], "multiValue": [{"value": value} for value in values]}
        for name, values in found.items()
    }


def event(
    distribution: Distribution, kind: str, request: Mapping[str, Any], answer: Answer | None = None
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "version": "1.0",
        "context": {
            "distributionDomainName": distribution.domain,
            "distributionId": distribution.id,
            "eventType": kind,
            "requestId": "local",
        },
        "viewer": {"ip": "127.0.0.1"},
        "request": request,
    }
    if answer is not None:
        headers = {name: {"value": value} for name, value in answer.headers.items() if not hidden(name)}
        document["response"] = {"statusCode": answer.status, "headers": headers, "cookies": {}}
    return document


def hidden(name: str) -> bool:
    """Whether functions never see a header of a response."""
    return name in _HIDDEN or forbidden(name)


def rewritten(returned: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """The address that a viewer-request function made. Raises Invalid."""
    uri = returned.get("uri")
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise Invalid("the function returned a request without a uri that begins with /")
    for name in _READ_ONLY:
        if returned.get("headers", {}).get(name) != before["headers"].get(name):
            raise Invalid(f"the function changed the header {name}, which is read-only")
    return uri


def answered(returned: Mapping[str, Any], body: bytes = b"") -> Answer:
    """The response that a function made, with the body it had if the function gave none. Raises Invalid."""
    headers = {name: each["value"] for name, each in returned.get("headers", {}).items()}
    for name in headers:
        if name != name.lower() or forbidden(name):
            raise Invalid(f"the function set the header {name}, which it may not")
    cookies = [
        "; ".join(filter(None, [f"{name}={each['value']}", each.get("attributes")]))
        for name, each in returned.get("cookies", {}).items()
    ]
    return Answer(int(returned["statusCode"]), headers, _body(returned, body), cookies)


def _body(returned: Mapping[str, Any], before: bytes) -> bytes:
    given = returned.get("body")
    if given is None:
        return before
    if isinstance(given, str):
        return given.encode()
    data: str = given["data"]
    return base64.b64decode(data) if given.get("encoding") == "base64" else data.encode()
