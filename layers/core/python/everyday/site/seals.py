"""`integrity` values, made anew for what is published. W3C Subresource Integrity, "integrity metadata"."""

import base64
import hashlib
import re
from collections.abc import Sequence

from everyday.site.model import Edit
from everyday.site.ports import Tree
from everyday.site.renaming import Sealed
from everyday.site.rewrite import edited

# Algorithm and digest; options behind a `?` and algorithms that no browser knows stay as they are.
_TOKEN = re.compile(r"(?<!\S)(sha256|sha384|sha512)-([^\s?]*)", re.IGNORECASE)


class Sealer:
    """A Seal: reads each sealed file once for all who seal it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._made: dict[tuple[str, str], str] = {}
        self._before: dict[tuple[str, str], str] = {}
        self._wrong: set[str] = set()

    def __call__(self, sealed: Sealed, edits: Sequence[Edit]) -> str:
        def anew(token: re.Match[str]) -> str:
            key = (sealed.target, token[1].lower())
            if key not in self._made:
                self._read(key, edits)
            if _bare(token[2]) != _bare(self._before[key]):
                self._wrong.add(sealed.target)
            return f"{token[1]}-{self._made[key]}"

        return _TOKEN.sub(anew, sealed.value)

    def problems(self) -> list[str]:
        return [
            f"an integrity of {path} was not that of its content, so browsers refused it; now it is"
            for path in sorted(self._wrong)
        ]

    def _read(self, key: tuple[str, str], edits: Sequence[Edit]) -> None:
        path, algorithm = key
        content = self._tree.read(path)
        self._before[key] = _digest(algorithm, content)
        self._made[key] = _digest(algorithm, edited(content, edits))


def _digest(algorithm: str, content: bytes) -> str:
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


def _bare(digest: str) -> str:
    """Browsers take both of base64's alphabets, with and without its padding."""
    return digest.replace("-", "+").replace("_", "/").rstrip("=")
