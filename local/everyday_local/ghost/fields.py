"""What a post may say: limits, dates and slugs as Ghost 6.65 checks them. Lengths are in characters."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from everyday_local.ghost.problems import invalid

_LIMITS = {
    "title": 255,
    "slug": 191,
    "custom_excerpt": 300,
    "feature_image_alt": 191,
    "canonical_url": 2000,
    "feature_image": 2000,
    "codeinjection_head": 65535,
    "codeinjection_foot": 65535,
}
_NULLABLE = frozenset(_LIMITS) - {"title"} | {"html", "published_at"}
_TEXTS = (*_LIMITS, "html", "published_at", "updated_at", "status", "visibility")
_STATUSES = frozenset({"draft", "published", "scheduled", "sent"})
_DERIVED_SLUG = 185
_NAME = 191
# A post may be scheduled for two minutes ago, for the sake of clocks.
_LATE = timedelta(minutes=2)


def check(fields: Mapping[str, Any]) -> None:
    """Raise Problem 422 for a field of the wrong type, length or form. Unknown fields are no error."""
    for name in _TEXTS:
        _check_text(name, fields.get(name, ""))
    if fields.get("status", "draft") not in _STATUSES:
        raise invalid("Validation failed for status.", path="/posts/0/status")
    for name in ("canonical_url", "feature_image"):
        if re.search(r"[\s<>]", fields.get(name) or ""):
            raise invalid(f"Validation failed for {name}.", path=f"/posts/0/{name}")
    for name in ("published_at", "updated_at"):
        if fields.get(name) is not None:
            timestamp(fields[name], name)
    _check_members(fields)
    title = fields.get("title")
    if title and not title.strip():
        raise invalid("Value in [posts.title] cannot be blank.")


def timestamp(text: str, name: str) -> str:
    """A date with a time zone as Ghost keeps it: UTC, whole seconds. Raises Problem 422."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        raise invalid(f"Validation failed for {name}.", path=f"/posts/0/{name}")
    return told(moment)


def told(moment: datetime) -> str:
    """A moment in the API's form."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def check_schedule(status: str, published_at: str | None, now: datetime) -> None:
    """A scheduled post needs a date that is not past."""
    if status != "scheduled":
        return
    if published_at is None:
        raise invalid("Value in published_at cannot be blank.")
    if published_at < told(now - _LATE):
        raise invalid("Date must be at least -2 minutes in the future.")


def slug_of(text: str, *, fallback: str) -> str:
    """The slug of a title or a name: transliterated, lower case, single hyphens, cut at 185 characters."""
    from slugify import slugify

    unquoted = re.sub(r"['’]", "", text)
    return slugify(unquoted, regex_pattern=r"[^-a-z0-9_]+")[:_DERIVED_SLUG] or fallback


def free_slug(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` … when it is taken."""
    slug, number = wanted, 1
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug


def _check_text(name: str, value: object) -> None:
    if value is None and name in _NULLABLE:
        return
    if not isinstance(value, str) or len(value) > _LIMITS.get(name, len(value)):
        raise invalid(f"Validation failed for {name}.", path=f"/posts/0/{name}")


def _check_members(fields: Mapping[str, Any]) -> None:
    for name, keys in (("tags", {"id", "name", "slug"}), ("authors", {"id", "slug", "email"})):
        members = fields.get(name, [])
        if not isinstance(members, list):
            raise invalid(f"Validation failed for {name}.", path=f"/posts/0/{name}")
        for at, member in enumerate(members):
            texts = [member] if isinstance(member, str) else _values(member, keys)
            if not texts or any(len(text) > _NAME for text in texts):
                raise invalid(f"Validation failed for {at}.", path=f"/posts/0/{name}/{at}")
    if fields.get("authors") == []:
        raise invalid("At least one author is required.")


def _values(member: object, keys: Collection[str]) -> list[str]:
    if not isinstance(member, dict):
        return []
    return [str(member[key]) for key in keys if member.get(key) is not None]
