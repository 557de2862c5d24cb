"""Posts and tags, kept in one SQLite file so that a restart loses nothing."""

import json
import secrets
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from everyday_local.ghost import fields
from everyday_local.ghost.convert import convert, plain_text
from everyday_local.ghost.problems import Problem, invalid, not_found

Post = dict[str, Any]
Tag = dict[str, str]

OWNER = {"id": "1" * 24, "name": "Owner", "slug": "owner", "email": "owner@example.com"}
_PLAIN = (
    "custom_excerpt",
    "codeinjection_head",
    "codeinjection_foot",
    "canonical_url",
    "feature_image",
    "feature_image_alt",
)
_COLLISION = "Saving failed! Someone else is editing this post."


class Store:
    """Every method is called by one thread at a time. `site` is the blog's address."""

    def __init__(self, folder: Path, site: str) -> None:
        self.site = site
        self._database = sqlite3.connect(folder / "blog.sqlite", check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute(
            "create table if not exists documents (id text primary key, kind text, doc text)"
        )
        self.posts: dict[str, Post] = {}
        self.tags: dict[str, Tag] = {}
        for kind, text in self._database.execute("select kind, doc from documents order by rowid"):
            document = json.loads(text)
            (self.posts if kind == "post" else self.tags)[document["id"]] = document

    def close(self) -> None:
        self._database.close()

    def post(self, post_id: str) -> Post:
        """Raises Problem 404, or 422 for what cannot be an id."""
        if len(post_id) != 24 or not set(post_id) <= set("0123456789abcdef"):
            raise invalid("Validation (matches) failed for id")
        if post_id not in self.posts:
            raise not_found()
        return self.posts[post_id]

    def by_slug(self, slug: str) -> Post:
        """Raises Problem 404."""
        for post in self.posts.values():
            if post["slug"] == slug:
                return post
        raise not_found()

    def add(self, given: Mapping[str, Any], *, html: bool, now: datetime) -> Post:
        """A new post; a slug that is taken gets a number. Raises Problem 422."""
        if "title" not in given:
            raise invalid("Validation failed for 0.", path="/posts/0")
        fields.check(given)
        moment = fields.told(now)
        post: Post = {
            "id": _new_id(now),
            "uuid": str(uuid.uuid4()),
            "status": "draft",
            "visibility": "public",
            "featured": False,
            "html": None,
            "plaintext": None,
            "published_at": None,
            "created_at": moment,
            **dict.fromkeys(_PLAIN),
            "tags": [],
        }
        self._apply(post, given, html=html, now=now)
        wanted = fields.slug_of(given.get("slug") or post["title"], fallback="post")
        post["slug"] = fields.free_slug(wanted, self._slugs())
        post["updated_at"] = _moment(given, "updated_at") or moment
        return self._keep(post)

    def edit(self, post_id: str, given: Mapping[str, Any], *, html: bool, now: datetime) -> Post:
        """Change what is given. Raises Problem 404, 422 (no `updated_at`) and 409 (a stale one)."""
        old = self.post(post_id)
        if "updated_at" not in given:
            raise invalid("Validation failed for 0.", path="/posts/0")
        fields.check(given)
        new: Post = {**old}
        self._apply(new, given, html=html, now=now)
        if given.get("slug") and given["slug"] != old["slug"]:
            wanted = fields.slug_of(given["slug"], fallback="post")
            new["slug"] = fields.free_slug(wanted, self._slugs() - {old["slug"]})
        if _tagless(new) == _tagless(old) and _tag_names(new) == _tag_names(old):
            return self._keep(new)
        if fields.timestamp(given["updated_at"], "updated_at") != old["updated_at"]:
            raise Problem("UpdateCollisionError", _COLLISION, context=_COLLISION, code="UPDATE_COLLISION")
        if _tagless(new) != _tagless(old):  # another set of tags alone does not count as an update
            new["updated_at"] = fields.told(now)
        return self._keep(new)

    def delete(self, post_id: str) -> None:
        """Raises Problem 404."""
        del self.posts[self.post(post_id)["id"]]
        with self._database:
            self._database.execute("delete from documents where id = ?", (post_id,))

    def _apply(self, post: Post, given: Mapping[str, Any], *, html: bool, now: datetime) -> None:
        for name in _PLAIN:
            if name in given:
                post[name] = self._absolute(name, given[name])
        if "title" in given:
            post["title"] = given["title"] or "(Untitled)"
        _apply_state(post, given, now)
        if html and "html" in given:
            post["html"] = convert(given["html"] or "", self.site)
            post["plaintext"] = plain_text(post["html"])
        if "tags" in given:
            post["tags"] = self._tags(given["tags"])

    def _absolute(self, name: str, value: str | None) -> str | None:
        relative = name in {"canonical_url", "feature_image"} and value and value.startswith("/")
        return f"{self.site}{value}" if relative else value or None

    def _tags(self, given: Sequence[str | Mapping[str, str]]) -> list[Tag]:
        """Known ones by exact name, as Ghost on SQLite; within a post, names that differ in case are one."""
        found: dict[str, Tag] = {}
        for each in given:
            wanted = {"name": each} if isinstance(each, str) else each
            name = wanted.get("name", wanted.get("slug", ""))
            if not name.strip():
                raise invalid("Value in [tags.name] cannot be blank. tags.name")
            if name.lower() not in found:
                found[name.lower()] = self._tag(name, wanted)
        return list(found.values())

    def _tag(self, name: str, wanted: Mapping[str, str]) -> Tag:
        for tag in self.tags.values():
            by_slug = "name" not in wanted and tag["slug"] == wanted["slug"]
            if tag["name"] == name or by_slug:
                return tag
        internal = name.startswith("#")
        text = wanted.get("slug") or (f"hash-{name[1:]}" if internal else name)
        slug = fields.free_slug(
            fields.slug_of(text, fallback="tag"), {tag["slug"] for tag in self.tags.values()}
        )
        tag = {
            "id": secrets.token_hex(12),
            "name": name,
            "slug": slug,
            "visibility": "internal" if internal else "public",
        }
        self.tags[tag["id"]] = tag
        self._write("tag", tag)
        return tag

    def _slugs(self) -> set[str]:
        return {post["slug"] for post in self.posts.values()}

    def _keep(self, post: Post) -> Post:
        self.posts[post["id"]] = post
        self._write("post", post)
        return post

    def _write(self, kind: str, document: Mapping[str, Any]) -> None:
        with self._database:
            self._database.execute(
                "insert into documents values (?, ?, ?) on conflict (id) do update set doc = excluded.doc",
                (document["id"], kind, json.dumps(document)),
            )


def _new_id(now: datetime) -> str:
    """As Ghost's: seconds first, so ids of one blog sort by age; then a counter."""
    _new_id_counter[0] += 1
    return f"{int(now.timestamp()):08x}{_RUN}{_new_id_counter[0]:06x}"


def _apply_state(post: Post, given: Mapping[str, Any], now: datetime) -> None:
    """A date is kept whatever the status; a post that goes public without one gets the present."""
    for name in ("status", "visibility"):
        post[name] = given.get(name, post[name])
    if "published_at" in given:
        post["published_at"] = _moment(given, "published_at")
    fields.check_schedule(post["status"], post["published_at"], now)
    if post["status"] == "published" and post["published_at"] is None:
        post["published_at"] = fields.told(now)


_RUN = secrets.token_hex(5)
_new_id_counter = [0]


def _moment(given: Mapping[str, Any], name: str) -> str | None:
    return fields.timestamp(given[name], name) if given.get(name) else None


def _tagless(post: Post) -> Mapping[str, Any]:
    return {name: value for name, value in post.items() if name != "tags"}


def _tag_names(post: Post) -> set[str]:
    return {tag["name"] for tag in post["tags"]}
