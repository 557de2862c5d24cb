"""CodePipeline's two protocols, as an unmodified AWS client speaks them: JSON 1.1, and RPC v2 with CBOR.

Requests are checked against the service's own model, which botocore brings.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import cbor2
import msgspec
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from starlette.requests import Request
from starlette.responses import Response

_TARGET = "CodePipeline_20150709"
_JSON, _CBOR = "application/x-amz-json-1.1", "application/cbor"


class Refused(Exception):
    """An answer that is an error, with AWS's word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("codepipeline", "service-2"), "codepipeline")


def asked(request: Request, body: bytes) -> tuple[str, dict[str, Any]]:
    """The action and its parameters. Raises Refused for what is no request of CodePipeline's."""
    cbor = _is_cbor(request)
    if cbor:
        action = request.url.path.rpartition("/")[2]
    else:
        target, _, action = request.headers.get("x-amz-target", "").rpartition(".")
        if target != _TARGET:
            raise Refused("UnknownOperationException", "X-Amz-Target names no action of CodePipeline.")
    if action not in _model().operation_names:
        raise Refused("UnknownOperationException", f"There is no action {action}.")
    params = _decoded(body, cbor=cbor)
    _check(action, params)
    return action, params


def answered(request: Request, document: Mapping[str, Any] | None) -> Response:
    """An answer in the caller's protocol."""
    return _response(request, document or {}, 200)


def refused(request: Request, error: Refused) -> Response:
    """An error in the caller's protocol."""
    return _response(request, {"__type": error.code, "message": str(error)}, 400)


def _response(request: Request, document: Mapping[str, Any], status: int) -> Response:
    headers = {"x-amzn-requestid": str(uuid4())}
    if _is_cbor(request):
        body = cbor2.dumps(document, datetime_as_timestamp=True, timezone=UTC)
        return Response(body, status, headers | {"smithy-protocol": "rpc-v2-cbor"}, _CBOR)
    return Response(msgspec.json.encode(_timestamps(document)), status, headers, _JSON)


def _is_cbor(request: Request) -> bool:
    return request.headers.get("smithy-protocol") == "rpc-v2-cbor"


def _decoded(body: bytes, *, cbor: bool) -> dict[str, Any]:
    try:
        found = cbor2.loads(body) if cbor and body else msgspec.json.decode(body or b"{}")
    except (cbor2.CBORDecodeError, msgspec.DecodeError) as error:
        raise Refused("SerializationException", str(error)) from error
    if not isinstance(found, dict):
        raise Refused("SerializationException", "The request is no structure.")
    return found


def _check(action: str, params: Mapping[str, Any]) -> None:
    shape = _model().operation_model(action).input_shape
    assert shape is not None  # noqa: S101 - every action of CodePipeline takes parameters
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise Refused("ValidationException", report.generate_report())


def _timestamps(value: Any) -> Any:
    """JSON 1.1 has times as seconds since 1970."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Mapping):
        return {name: _timestamps(each) for name, each in value.items()}
    return [_timestamps(each) for each in value] if isinstance(value, list) else value
