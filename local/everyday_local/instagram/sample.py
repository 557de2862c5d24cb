"""The sample account, read from `sample.toml`, and accounts of any size for measuring."""

import tomllib
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from everyday.photos.model import Section
from everyday_local.instagram.account import FILM, PORTRAIT, SQUARE, Account, File, Post, Profile, post_id


def sample(changes_path: Path | None = None) -> Account:
    """The sample account, with the changes that the file remembers."""
    profile, posts = _sample()
    return Account(profile, posts, changes_path=changes_path)


def new_post(
    account: Account, caption: str, *, taken_at: datetime, shots: Iterable[str] = ("hills",)
) -> Post:
    """A post that the account does not have yet; not published."""
    told = {"at": taken_at, "caption": caption, "shots": list(shots), "likes": 0}
    return make_post(told, number=account.next_number())


def make_post(told: dict[str, Any], *, number: int) -> Post:
    """A post from an entry of `sample.toml`."""
    identity = post_id(number)
    shots = told["shots"]
    many = len(shots) > 1
    return Post(
        id=identity,
        taken_at=told["at"].astimezone(UTC),
        files=tuple(
            _file(told, position, str(int(identity) + (position + 1 if many else 0)))
            for position in range(len(shots))
        ),
        caption=told["caption"].strip("\n") if "caption" in told else None,
        section=Section.REEL if told.get("reel") else Section(told.get("section", "post")),
        likes=None if told.get("hide_likes") else told.get("likes"),
        comments=told.get("likes", 0) // 12,
        pinned=told.get("pinned", False),
        igtv=told.get("igtv", False),
    )


def _file(told: dict[str, Any], position: int, identity: str) -> File:
    scene = told["shots"][position]
    width, height = film_size(scene) if scene.startswith(FILM) else SQUARE if told.get("square") else PORTRAIT
    alt, first = told.get("alt", []), position == 0
    return File(
        id=identity,
        scene=scene,
        seed=zlib.crc32(identity.encode()),
        width=width,
        height=height,
        alt=alt[position] if position < len(alt) else None,
        place=tuple(told["place"]) if first and "place" in told else None,
        sideways=first and told.get("sideways", False),
        withheld=told.get("withheld", False),
    )


def film_size(scene: str) -> tuple[int, int]:
    return SQUARE if scene == FILM + "sea" else (720, 1280)


@cache
def _sample() -> tuple[Profile, tuple[Post, ...]]:
    told = tomllib.loads((files(__package__) / "sample.toml").read_text(encoding="utf-8"))
    posts = tuple(make_post(entry, number=number) for number, entry in enumerate(told.pop("post")))
    return msgspec.convert(told, Profile), posts


def bulk(count: int, *, size: int, film: bool = False) -> Account:
    """An account of `count` posts whose files are `size` bytes each and all different."""
    profile, _ = _sample()
    return Account(profile, bulk_posts(count, size=size, film=film))


def bulk_posts(count: int, *, size: int, film: bool = False) -> Iterator[Post]:
    """The posts of `bulk`, one at a time and newest last."""
    scene, start = (FILM + "waves" if film else "hills"), datetime(2016, 1, 1, tzinfo=UTC)
    for number in range(count):
        identity = post_id(number)
        file = File(id=identity, scene=scene, seed=1, width=96, height=120, pad_to=size)
        yield Post(
            id=identity,
            taken_at=start + timedelta(hours=number),
            files=(file,),
            caption=f"Picture {number} #bulk",
            section=Section.REEL if film else Section.POST,
            likes=number % 90,
        )
