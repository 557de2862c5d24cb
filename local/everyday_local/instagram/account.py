"""The account behind the stand-in: what was posted, and what was changed since.

Changes (new, edited and deleted posts) are kept in a file, so that a restart shows the same account.
"""

import base64
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from threading import Lock

import msgspec

from everyday.photos.model import MediaType, Section
from everyday_local.instagram.storage import load, save

FIRST_ID = 17_900_000_000_000_000
# A carousel's children follow its own id; the distance leaves room for them.
STRIDE = 1000
PORTRAIT, SQUARE = (1080, 1350), (1080, 1080)
FILM = "film:"


def post_id(number: int) -> str:
    return str(FIRST_ID + number * STRIDE + 1)


def parent_id(file_id: str) -> str:
    """The post that a carousel's file belongs to."""
    return str(int(file_id) // STRIDE * STRIDE + 1) if file_id.isascii() and file_id.isdigit() else ""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One picture or film. `scene` and `seed` paint it; `pad_to` is its least size in bytes.

    `withheld`: Instagram gives no address for it. `place` stands in its EXIF (latitude, longitude).
    """

    id: str
    scene: str
    seed: int
    width: int = PORTRAIT[0]
    height: int = PORTRAIT[1]
    alt: str | None = None
    place: tuple[float, float] | None = None
    sideways: bool = False
    withheld: bool = False
    pad_to: int = 0

    @property
    def video(self) -> bool:
        return self.scene.startswith(FILM)


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One post, reel or story. `likes` is None when the owner hides them; `taken_at` in UTC."""

    id: str
    taken_at: datetime
    files: tuple[File, ...]
    caption: str | None = None
    section: Section = Section.POST
    likes: int | None = None
    comments: int = 0
    pinned: bool = False
    igtv: bool = False

    @property
    def shortcode(self) -> str:
        return base64.urlsafe_b64encode(int(self.id).to_bytes(8)).decode().rstrip("=").lstrip("A")

    @property
    def permalink(self) -> str:
        kind = "reel" if self.section is Section.REEL else "p"
        return f"https://www.instagram.com/{kind}/{self.shortcode}/"

    @property
    def media_type(self) -> MediaType:
        if len(self.files) > 1:
            return MediaType.CAROUSEL_ALBUM
        return MediaType.VIDEO if self.files[0].video else MediaType.IMAGE

    @property
    def rank(self) -> tuple[bool, float, int]:
        """The place in the listing, ascending: pinned ones lead, then the newest."""
        return (not self.pinned, -self.taken_at.timestamp(), -int(self.id))


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    name: str
    user_id: str
    biography: str = ""
    account_type: str = "MEDIA_CREATOR"

    @property
    def scoped_id(self) -> str:
        """The user's id for this application, which is another than `user_id`."""
        return "24" + self.user_id[2:]


class Changes(msgspec.Struct, kw_only=True):
    """What happened to the account since it was made."""

    added: list[Post] = []
    captions: dict[str, str] = {}
    removed: list[str] = []


class Account:
    """The owner's posts. Safe to use from several threads."""

    def __init__(self, profile: Profile, posts: Iterable[Post], *, changes_path: Path | None = None) -> None:
        self.profile = profile
        self._path, self._lock = changes_path, Lock()
        self._posts = {post.id: post for post in posts}
        self._changes = load(changes_path, Changes) or Changes()
        for post in self._changes.added:
            self._posts[post.id] = post
        for post_id, caption in self._changes.captions.items():
            self._caption(post_id, caption)
        for post_id in self._changes.removed:
            self._posts.pop(post_id, None)
        self._sort()

    def _sort(self) -> None:
        self._listed = sorted((p for p in self._posts.values() if p.section.postable), key=lambda p: p.rank)

    def _caption(self, post_id: str, caption: str) -> None:
        self._posts[post_id] = msgspec.structs.replace(self._posts[post_id], caption=caption)

    @property
    def listed(self) -> list[Post]:
        """What the API lists, in its order. Do not change the list."""
        return self._listed

    @property
    def posts(self) -> list[Post]:
        """Everything, oldest first: stories, archived posts and profile pictures too."""
        return sorted(self._posts.values(), key=lambda post: (post.taken_at, post.id))

    def get(self, post_id: str) -> Post | None:
        return self._posts.get(post_id)

    def child(self, file_id: str) -> tuple[Post, File] | None:
        """The carousel that holds the file of this id, and the file."""
        post = self._posts.get(parent_id(file_id))
        return next(((post, file) for file in post.files if file.id == file_id), None) if post else None

    def publish(self, post: Post) -> None:
        """A new post appears."""
        with self._lock:
            self._posts[post.id] = post
            self._changes.added.append(post)
            self._changed()

    def edit(self, post_id: str, caption: str) -> None:
        """The owner edits a caption. Raises KeyError for an unknown post."""
        with self._lock:
            self._caption(post_id, caption)
            self._changes.captions[post_id] = caption
            self._changed()

    def remove(self, post_id: str) -> None:
        """The owner deletes a post. Raises KeyError for an unknown one."""
        with self._lock:
            del self._posts[post_id]
            self._changes.removed.append(post_id)
            self._changed()

    def _changed(self) -> None:
        self._sort()
        save(self._path, self._changes)

    def next_number(self) -> int:
        """A number for a new post; never that of a deleted one."""
        newest = max(((int(post_id) - FIRST_ID) // STRIDE for post_id in self._posts), default=-1)
        return newest + 1 + len(self._changes.removed)
