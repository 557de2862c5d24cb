"""One Valkey server: connections, timeouts, one layer of retries, errors in our own words."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry

from everyday.adapters.aws import pauses
from everyday.adapters.valkey.scripts import Script, sha_of, text_of
from everyday.errors import StateUnavailable, Unavailable

TIMEOUT_SECONDS = 0.4
_ATTEMPTS = 3


def connect(url: str, password: str | None = None) -> redis.Redis:
    """A client that connects when it is first used, waits at most 0.4 s for anything, and retries nothing:
    redis-py's own retries would make a hung server cost ten seconds."""
    return redis.Redis.from_url(
        url,
        password=password,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_read_size=1 << 18,
        retry=Retry(NoBackoff(), 0),
    )


class Server:
    """Runs scripts. Raises StateUnavailable within a second, whatever the server does.

    `connect` makes the client when the first call needs it, and again after the password was refused: it may
    have been changed.
    """

    def __init__(
        self, connect: Callable[[], redis.Redis], *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._connect = connect
        self._sleep = sleep
        self._lock = Lock()
        self._connected: redis.Redis | None = None

    def run(self, script: Script, *args: str | bytes, again: bool = True) -> Any:
        """One script. `again`: it may run twice; then a broken connection is tried up to three times in
        all. A server that hangs is not asked twice."""
        return self._attempts(script, lambda it: it.evalsha(sha_of(script), 0, *args), again=again)

    def run_each(self, script: Script, argument_lists: Sequence[Sequence[str | bytes]]) -> list[Any]:
        """One script with each of these arguments, sent together; others may come between."""

        def work(client: Any) -> Any:
            with client.pipeline(transaction=False) as pipeline:
                for args in argument_lists:
                    pipeline.evalsha(sha_of(script), 0, *args)
                return pipeline.execute()

        found: list[Any] = self._attempts(script, work, again=True)
        return found

    def command(self, *words: str | bytes) -> Any:
        """One command that may run twice."""
        return self._attempts(str(words[0]), lambda it: it.execute_command(*words), again=True)

    def _client(self) -> redis.Redis:
        with self._lock:
            if self._connected is None:
                try:
                    self._connected = self._connect()
                except Unavailable as error:
                    raise StateUnavailable(f"Valkey was not asked: {error}") from error
            return self._connected

    def _attempts(self, doing: str, work: Callable[[Any], Any], *, again: bool) -> Any:
        client = self._client()
        waits = pauses(_ATTEMPTS if again else 1, base=0.02, cap=0.1)
        while True:
            with self._translated(doing, client):
                try:
                    return self._with_scripts(client, work)
                except (AuthenticationError, BusyLoadingError):
                    raise
                except ConnectionError:
                    wait = next(waits, None)
                    if wait is None:
                        raise
            self._sleep(wait)

    def _with_scripts(self, client: Any, work: Callable[[Any], Any]) -> Any:
        """Do the work; on a server that knows no scripts yet, tell it all of them at once and do it again."""
        try:
            return work(client)
        except NoScriptError:
            with client.pipeline(transaction=False) as pipeline:
                for script in Script:
                    pipeline.script_load(text_of(script))
                pipeline.execute()
            return work(client)

    @contextmanager
    def _translated(self, doing: str, client: redis.Redis) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise StateUnavailable(f"Valkey did not answer `{doing}` within {TIMEOUT_SECONDS} s") from error
        except AuthenticationError as error:
            with self._lock:
                self._connected = None
            raise StateUnavailable(f"Valkey refused the password at `{doing}`: {error}") from error
        except ReadOnlyError as error:
            # The name may mean another server by now: what is connected is not asked again.
            client.connection_pool.disconnect()
            raise StateUnavailable(f"Valkey takes no `{doing}`: this server is a replica now") from error
        except RedisError as error:
            raise StateUnavailable(f"Valkey could not do `{doing}`: {error}") from error
