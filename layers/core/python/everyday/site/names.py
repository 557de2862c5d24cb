"""How files are called on the web and in the bucket.

    assets/css/main.k3v9x2m4qa.css      a renamed file: its name holds the hash of its content, for ever
    pages/about/index.html/7hq2…        a file that keeps its address, one object for each content it had
    deploy/manifest.json                what is published; never served

Nothing else is in a site's bucket. The CloudFront Function of the site knows the same rules.
"""

import base64
import re

HASH_LENGTH = 10
"""Characters of a hash in a name: 50 bits. Two versions of one file collide once in 2^50."""

ASSETS = "assets/"
PAGES = "pages/"
MANIFEST = "deploy/manifest.json"

_HASHED = re.compile(rf"\.[a-z2-7]{{{HASH_LENGTH}}}(?=(?:\.[^./]*)?\Z)")


def short_hash(digest: bytes) -> str:
    """The part of a digest that goes into names: lower-case base32, HASH_LENGTH characters."""
    return base64.b32encode(digest[:7])[:HASH_LENGTH].decode().lower()


def insertion(basename: str) -> int:
    """Where in a file's name the hash goes, with its dot: before the last extension, else at the end."""
    dot = basename.rfind(".")
    return dot if dot > 0 else len(basename)


def hashed(path: str, digest: bytes) -> str:
    """`css/main.css` with the hash of its content: `css/main.k3v9x2m4qa.css`."""
    start = path.rfind("/") + 1
    at = start + insertion(path[start:])
    return f"{path[:at]}.{short_hash(digest)}{path[at:]}"


def is_hashed(path: str) -> bool:
    """Whether a path looks like one that `hashed` made."""
    return _HASHED.search(path) is not None


def unhashed(path: str) -> str:
    """The path that `hashed` was given."""
    return _HASHED.sub("", path)


def page_key(path: str, digest: bytes) -> str:
    """Where the bucket keeps this content of a file that keeps its address."""
    return f"{PAGES}{path}/{short_hash(digest)}"


def asset_key(path: str) -> str:
    """Where the bucket keeps a renamed file."""
    return ASSETS + path


def source_of(key: str) -> str:
    """The path in the owner's folder of what the bucket keeps under `key`."""
    if key.startswith(ASSETS):
        return unhashed(key.removeprefix(ASSETS))
    return key.removeprefix(PAGES).rpartition("/")[0]
