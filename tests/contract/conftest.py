"""AWS for the contract suite: ministack on loopback, and hooks that make its clients meet trouble.

ministack is softer than AWS in places; `strict` makes a client fail where AWS would.
"""

import json
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from everyday.adapters.aws import client_config
from everyday_local.ministack import PROGRAM
from everyday_local.throwaway import make_archive, make_catalog, throwaway_aws
from tests.contract.blogs import blog, ghost_blog, light_blog
from tests.contract.cluster_states import clock, cluster, full, state, valkey
from tests.contract.ecs_world import aws, ecs, ecs_board, ecs_url

__all__ = [
    "aws",
    "blog",
    "clock",
    "cluster",
    "ecs",
    "ecs_board",
    "ecs_url",
    "full",
    "ghost_blog",
    "light_blog",
    "state",
    "valkey",
]

# Names that are not in DynamoDB's list of reserved words; ministack takes any name, AWS does not.
PLAIN_NAMES = {"pk", "retry_at", "taken_at", "attribute_not_exists", "OR", "AND", "NOT", "IN", "BETWEEN"}


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a ministack of our own; it ends with the session, and its children with it."""
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not installed; `make test` installs it")
    with throwaway_aws(tmp_path_factory.mktemp("ministack")) as address:
        yield address


@pytest.fixture(scope="session")
def boto_session() -> boto3.Session:
    """One for all tests: each new one reads the description of every service that it is asked for again."""
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.fixture
def client(
    ministack: str, boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Any]:
    """Makes boto3 clients as the adapters get them; botocore's waits between attempts take no time."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    config = client_config(connections=16)

    def make(service: str) -> Any:
        made = boto_session.client(service, endpoint_url=ministack, config=config)
        strict(made)
        return made

    return make


def strict(client: Any) -> None:
    """Refuse what AWS refuses and ministack takes."""
    client.meta.events.register("provide-client-params.dynamodb.*", _refuse_reserved_words)
    client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", _refuse_bad_batches)


def _refuse_reserved_words(params: dict[str, Any], **_: Any) -> None:
    for name in ("KeyConditionExpression", "FilterExpression", "ConditionExpression"):
        bare = set(re.findall(r"(?<![#:\w])[A-Za-z_]\w*", params.get(name, "")))
        assert bare <= PLAIN_NAMES, f"may be reserved words of DynamoDB: {bare - PLAIN_NAMES}"


def _refuse_bad_batches(params: dict[str, Any], **_: Any) -> None:
    for request in params["RequestItems"].values():
        keys = [key["pk"]["S"] for key in request["Keys"]]
        assert 1 <= len(keys) <= 100, "DynamoDB takes 1 to 100 keys"
        assert len(keys) == len(set(keys)), "DynamoDB takes no key twice"


class Trouble:
    """What happens to a client's requests: counts them, and plays one trouble per request from a script.

    A trouble is a status with an error code (the request never arrives), "lost" (it takes effect and the
    reply is lost), "cut" (it never arrives and the connection breaks), or a whole JSON answer. None lets a
    request through, and after the script all is well.
    """

    def __init__(self, client: Any, operation: str = "*") -> None:
        self.sent: list[str] = []
        self.script: list[tuple[int, str] | dict[str, Any] | str | None] = []
        self._client = client
        client.meta.events.register(f"before-send.*.{operation}", self._send)

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        self.sent.append(event_name.rpartition(".")[2])
        trouble = self.script.pop(0) if self.script else None
        if trouble is None:
            return None
        if isinstance(trouble, dict):
            return _answer(request, 200, json.dumps(trouble))
        if isinstance(trouble, tuple):
            return _error(request, *trouble)
        if trouble == "lost":
            self._client._endpoint.http_session.send(request)
        raise ReadTimeoutError(endpoint_url=request.url)


def _error(request: Any, status: int, code: str) -> AWSResponse:
    is_json = "x-amz-json" in str(request.headers.get("Content-Type"))
    text = json.dumps({"__type": code}) if is_json else f"<Error><Code>{code}</Code></Error>"
    return _answer(request, status, text)


def _answer(request: Any, status: int, text: str) -> AWSResponse:
    return AWSResponse(request.url, status, {}, SimpleNamespace(stream=lambda: iter([text.encode()])))


@pytest.fixture
def bucket(client: Callable[[str], Any]) -> str:
    """A new, versioned bucket."""
    name = f"archive-{uuid4().hex}"
    make_archive(client("s3"), name)
    return name


@pytest.fixture
def table(client: Callable[[str], Any]) -> str:
    """A new table with the catalog's indexes."""
    name = f"catalog-{uuid4().hex}"
    make_catalog(client("dynamodb"), name)
    return name
