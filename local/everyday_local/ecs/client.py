"""The stand-in as a boto3 client without HTTP: the same calls, answers and exceptions."""

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ReadTimeoutError

from everyday_local.ecs.ecs import ConnectionCut, Ecs
from everyday_local.ecs.errors import EcsError
from everyday_local.ecs.shapes import model


class Client:
    """`Client(ecs).run_task(**params)` as boto3's client has it, with no retries of its own.

    Raises botocore's ClientError, and ReadTimeoutError where the connection is cut. Answers may share parts
    with the stand-in's state: do not change them.
    """

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs
        self._actions = {xform_name(name): name for name in model().operation_names}

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        actions = self.__dict__.get("_actions", {})
        if name not in actions:
            raise AttributeError(name)
        action = actions[name]
        return lambda **params: self._call(action, params)

    def _call(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._ecs.call(action, params)
        except EcsError as error:
            raise client_error(error, action) from error
        except ConnectionCut as cut:
            raise ReadTimeoutError(endpoint_url="in-process") from cut
        return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


def client_error(error: EcsError, action: str) -> ClientError:
    """What boto3 raises for this answer."""
    response: Any = {
        "Error": {"Code": error.code, "Message": str(error)},
        "ResponseMetadata": {"HTTPStatusCode": error.status},
        "message": str(error),
        **error.members,
    }
    return ClientError(response, action)
