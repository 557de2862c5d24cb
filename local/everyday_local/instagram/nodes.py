"""What each node says of itself: the fields of a user, a medium and a carousel's child."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from everyday.photos.model import MediaType, Section
from everyday_local.instagram.account import Account, File, Post
from everyday_local.instagram.fields import Fields
from everyday_local.instagram.graph_errors import unknown_field

AddressOf = Callable[[File, bool], str]
"""Signs the address of a file, or of its thumbnail."""


class Node(NamedTuple):
    """One medium as the API sees it: a post, or (`child`) one file of a carousel."""

    post: Post
    file: File
    child: bool
    username: str
    owner: str
    address: AddressOf

    @property
    def id(self) -> str:
        return self.file.id if self.child else self.post.id

    @property
    def type(self) -> MediaType:
        if not self.child:
            return self.post.media_type
        return MediaType.VIDEO if self.file.video else MediaType.IMAGE


def _thumbnail(node: Node) -> str | None:
    return node.address(node.file, True) if node.type is MediaType.VIDEO else None


def _own(value: Callable[[Post], Any]) -> Callable[[Node], Any]:
    """A field of the post that its children do not have."""
    return lambda node: None if node.child else value(node.post)


def _nothing(_: Node) -> None:
    """A field that exists and has no value here; such fields are left out of answers."""


MEDIA_FIELDS: Mapping[str, Callable[[Node], Any]] = {
    "id": lambda node: node.id,
    "ig_id": lambda node: "2" + node.id,
    "caption": _own(lambda post: post.caption),
    "media_type": lambda node: node.type.value,
    "media_product_type": _own(lambda post: "REELS" if post.section is Section.REEL else "FEED"),
    "media_url": lambda node: None if node.file.withheld else node.address(node.file, False),
    "thumbnail_url": _thumbnail,
    "permalink": lambda node: node.post.permalink,
    "shortcode": lambda node: node.post.shortcode,
    "timestamp": lambda node: node.post.taken_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    "username": lambda node: node.username,
    "owner": lambda node: {"id": node.owner},
    "alt_text": lambda node: node.file.alt if node.type is MediaType.IMAGE else None,
    "is_comment_enabled": _own(lambda _: True),
    "is_shared_to_feed": _own(lambda post: True if post.section is Section.REEL else None),
    "like_count": _own(lambda post: post.likes),
    "comments_count": _own(lambda post: post.comments),
    "media_audio_type": lambda node: "MUSIC" if node.file.withheld else None,
    "is_ai_generated": _nothing,
    "copyright_check_information": _nothing,
    "legacy_instagram_media_id": _nothing,
    "boost_ads_list": _nothing,
    "boost_eligibility_info": _nothing,
}
_EDGES = frozenset({"children"})
USER_FIELDS = ("id", "user_id", "username", "name", "biography", "account_type", "media_count")
_USER_UNKNOWN = ("profile_picture_url", "followers_count", "follows_count")


class Describer:
    """Answers field lists. `refused` are fields that this account may not read."""

    def __init__(self, account: Account, address: AddressOf) -> None:
        self._account, self._address = account, address
        self.refused: frozenset[str] = frozenset()

    def medium(self, post: Post, fields: Fields) -> dict[str, Any]:
        return self._media(self._node(post, post.files[0], child=False), fields)

    def child(self, post: Post, file: File, fields: Fields) -> dict[str, Any]:
        return self._media(self._node(post, file, child=True), fields)

    def children(self, post: Post, fields: Fields) -> dict[str, Any] | None:
        """The carousel's files in order; None for any other post."""
        if len(post.files) < 2:
            return None
        return {"data": [self.child(post, file, fields) for file in post.files]}

    def user(self, fields: Fields) -> dict[str, Any]:
        profile = self._account.profile
        for name in fields:
            if name in self.refused or name not in (*USER_FIELDS, *_USER_UNKNOWN):
                raise unknown_field(name, "IGUser")
        known = {
            "id": profile.scoped_id,
            "user_id": profile.user_id,
            "username": profile.username,
            "name": profile.name,
            "biography": profile.biography,
            "account_type": profile.account_type,
            "media_count": len(self._account.listed),
            "followers_count": 214,
            "follows_count": 187,
        }
        return {name: known[name] for name in {**fields, "id": {}} if name in known}

    def _node(self, post: Post, file: File, *, child: bool) -> Node:
        profile = self._account.profile
        return Node(post, file, child, profile.username, profile.user_id, self._address)

    def _media(self, node: Node, fields: Fields) -> dict[str, Any]:
        self.check(fields)
        told = {name: self._value(node, name, asked) for name, asked in {**fields, "id": {}}.items()}
        return {name: value for name, value in told.items() if value is not None}

    def _value(self, node: Node, name: str, asked: Fields) -> Any:
        if name == "children":
            return None if node.child else self.children(node.post, asked)
        return MEDIA_FIELDS[name](node)

    def check(self, fields: Fields) -> None:
        """Refuse the whole call for one field that does not exist, as the API does. Raises GraphError 100."""
        for name, asked in fields.items():
            if name in self.refused or name not in MEDIA_FIELDS.keys() | _EDGES:
                raise unknown_field(name, "Media")
            self.check(asked)
