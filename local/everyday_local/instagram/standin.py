"""The stand-in itself: an account, its tokens, its limits, its faults, its clock and its log."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from everyday.ports import Clock
from everyday_local.instagram.account import Account, File, Post
from everyday_local.instagram.faults import Effect, Fault, Faults, Op
from everyday_local.instagram.gallery import Gallery
from everyday_local.instagram.limits import Limits
from everyday_local.instagram.nodes import Describer
from everyday_local.instagram.sample import new_post, sample
from everyday_local.instagram.signing import Signer
from everyday_local.instagram.storage import write
from everyday_local.instagram.tokens import Tokens

SECRETS = frozenset({"access_token", "client_secret", "code", "oh", "_nc_ohc"})


class Call(NamedTuple):
    """One answered call. `query` lacks everything secret; `status` 0 is a connection that was cut."""

    op: str
    path: str
    status: int
    method: str = "GET"
    query: Mapping[str, str] = {}


def utc_now() -> datetime:
    return datetime.now(UTC)


class Standin:
    """State and settings; tests reach into it from their own thread while it serves.

    `delay` holds each answer back without holding up others. `url` is known once it is served.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        faults: Faults | None = None,
        state: Path | None = None,
        now: Clock = utc_now,
        delay: timedelta = timedelta(0),
        limits: Limits | None = None,
    ) -> None:
        self.account = account or sample(state / "account.json" if state else None)
        self.faults = faults or Faults()
        self.limits = limits or Limits()
        self.delay = delay
        self.url = ""
        self.log: list[Call] = []
        self._now = now
        self._shift = timedelta(0)
        self.gallery = Gallery(state / "pictures" if state else None)
        self.tokens = Tokens(state / "tokens.json" if state else None)
        self.token = self.tokens.first(self.now())
        self.signer = Signer(_secret(state))
        self.describer = Describer(self.account, self.address)

    def now(self) -> datetime:
        return self._now() + self._shift

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self._shift += span

    def address(self, file: File, thumbnail: bool = False) -> str:
        """A fresh signed address of a file or of its thumbnail."""
        return self.url + self.signer.sign(file_path(file, thumbnail=thumbnail), now=self.now())

    def calls(self, *ops: Op) -> list[Call]:
        """The log, of these kinds only (none given: all)."""
        return [call for call in self.log if not ops or call.op in ops]

    def strike(self, op: Op, *targets: str) -> list[Fault]:
        """The faults of this call; those that change the account are carried out here."""
        faults = self.faults.strike(op, *targets)
        for fault in faults:
            if fault.do is Effect.PUBLISH:
                self.publish(fault.caption)
            elif fault.do is Effect.EDIT:
                self.account.edit(fault.post, fault.caption)
            elif fault.do is Effect.DELETE:
                self.account.remove(fault.post)
        return faults

    def publish(self, caption: str) -> Post:
        """A new post appears now."""
        post = new_post(self.account, caption, taken_at=self.now().replace(microsecond=0))
        self.account.publish(post)
        return post


def file_path(file: File, *, thumbnail: bool = False) -> str:
    """The path under which a file is served; the id of the file ends its name."""
    kind = "jpg" if thumbnail or not file.video else "mp4"
    return f"/media/{file.seed}_{file.id}_{'t' if thumbnail else 'n'}.{kind}"


def _secret(state: Path | None) -> bytes:
    """The key of the signatures; kept, so that addresses outlive a restart."""
    if state is None:
        return secrets.token_bytes(32)
    path = state / "signing.key"
    if not path.exists():
        write(path, secrets.token_bytes(32))
    return path.read_bytes()
