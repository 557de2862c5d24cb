"""What the paths of `_redirects` and `_headers` may look like."""

import re
from urllib.parse import unquote

PATTERN = re.compile(r"\*|(?:^|/):[A-Za-z_]")
_HOST = re.compile(r"[a-z][a-z0-9+.-]*://|//", re.IGNORECASE)
_OPEN = re.compile(r"\*|(?:(?<=/)|^):[A-Za-z_]|[^\x00-\x7f]")
_FILLED_HOST = re.compile(r"[^/]*//[^/?#]*:[A-Za-z_]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def plain(path: str) -> tuple[str, str | None]:
    """A rule's path without its first and last slash, decoded; or with the reason why it is none."""
    if _HOST.match(path):
        return "", "it names a host; a rule is about paths of this site, such as /old/*"
    if not path.startswith("/"):
        return "", "its path does not begin with /"
    decoded = unquote(path)
    if _CONTROL.search(decoded) or "�" in decoded:
        return "", "its path has characters that no address has"
    if decoded.count("*") > 1:
        return "", "its path has more than one *"
    if any(part in {".", ".."} for part in decoded.split("/")):
        return "", "its path has . or .. in it"
    return re.sub(r"/{2,}", "/", decoded).strip("/"), None


def fixed(pattern: str) -> int:
    """How many of a pattern's first characters stand for themselves. Only ASCII, which all engines count the
    same."""
    hit = _OPEN.search(pattern)
    return hit.start() if hit else len(pattern)


def elsewhere(target: str) -> bool:
    """Whether a target is an address with a host."""
    return _HOST.match(target) is not None


def anywhere(target: str) -> bool:
    """Whether visitors' words would be a part of a target's host, which could then be anybody's."""
    return elsewhere(target) and _FILLED_HOST.match(target) is not None
