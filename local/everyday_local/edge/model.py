"""What the local edge knows of a distribution, and what goes through it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

REQUEST = "viewer-request"
RESPONSE = "viewer-response"


class Function(NamedTuple):
    """A deployed function; `store` is the ARN of the key-value store that it reads."""

    code: str
    store: str | None


class Distribution(NamedTuple):
    """`headers` of the response headers policy: name in lower case, value, whether it wins over the origin's.
    `errors`: for how many seconds an answer of that status is cached. TTLs in seconds."""

    id: str
    domain: str
    names: Sequence[str]
    bucket: str
    folder: str
    root: str
    methods: Sequence[str]
    functions: Mapping[str, Function]
    ttls: tuple[int, int, int]
    query_in_key: bool
    gzip: bool
    errors: Mapping[int, int]
    headers: Sequence[tuple[str, str, bool]]


class Asked(NamedTuple):
    """A visitor's request; path and query as they came, header names in lower case."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    ip: str = "127.0.0.1"


class Answer(NamedTuple):
    """Header names in lower case; `cookies` are whole Set-Cookie values."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    cookies: Sequence[str] = ()


class Cloud(Protocol):
    """The account that the distributions are in."""

    def distributions(self) -> Sequence[Distribution]: ...

    def fetch(self, distribution: Distribution, uri: str) -> Answer:
        """What the origin answers; `uri` as it goes over the wire."""
        ...

    def invalidations(self, distribution_id: str) -> Mapping[str, Callable[[], Sequence[str]]]:
        """All there ever were, by id, each with a way to its paths."""
        ...

    def has_store(self, arn: str) -> bool: ...
