"""The errors of ECS, as it names them."""

from collections.abc import Mapping
from typing import Any


class EcsError(Exception):
    """An answer that is an error. `members` are further members of it, such as `resourceIds`."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.status, self.members = code, status, dict(members or {})


def invalid(message: str) -> EcsError:
    return EcsError("InvalidParameterException", message)


def client_error(message: str) -> EcsError:
    return EcsError("ClientException", message)


def cluster_not_found() -> EcsError:
    return EcsError("ClusterNotFoundException", "Cluster not found.")


def conflict(message: str, resource_ids: list[str]) -> EcsError:
    return EcsError("ConflictException", message, members={"resourceIds": resource_ids})


def throttled() -> EcsError:
    return EcsError("ThrottlingException", "Rate exceeded")


def unsupported(what: str) -> EcsError:
    """Something that ECS has and the stand-in has not."""
    return EcsError("UnsupportedFeatureException", f"the stand-in has no {what}")
