"""Ghost's errors, in Ghost's shape."""

from collections.abc import Mapping
from typing import Any

_STATUS = {
    "BadRequestError": 400,
    "UnauthorizedError": 401,
    "NoPermissionError": 403,
    "NotFoundError": 404,
    "UpdateCollisionError": 409,
    "UnsupportedMediaTypeError": 415,
    "ValidationError": 422,
}


class Problem(Exception):
    """One refused request: Ghost's `type` decides the status; `path` is the field that failed."""

    def __init__(
        self, kind: str, message: str, *, context: str | None = None, code: str | None = None, path: str = ""
    ) -> None:
        super().__init__(message)
        self.status = _STATUS[kind]
        self.kind = kind
        self.context = context
        self.code = code
        self.path = path

    def document(self) -> Mapping[str, Any]:
        """The body of the answer."""
        details = [{"instancePath": self.path, "message": self.context}] if self.path else None
        error = {
            "message": str(self),
            "context": self.context,
            "type": self.kind,
            "details": details,
            "property": self.path.rpartition("/")[2] or None,
            "help": None,
            "code": self.code,
            "id": None,
            "ghostErrorCode": None,
        }
        return {"errors": [error]}


def invalid(context: str, *, path: str = "") -> Problem:
    """A post or a query that does not validate."""
    return Problem("ValidationError", "Validation error, cannot save post.", context=context, path=path)


def not_found() -> Problem:
    """No such post."""
    return Problem("NotFoundError", "Resource not found error, cannot read post.", context="Post not found.")
