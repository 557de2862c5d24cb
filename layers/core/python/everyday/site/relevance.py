"""Whether a script or a file of data is worth parsing: most name nothing of the site. Pure."""

import re

from everyday.site.candidates import Candidates
from everyday.site.references.text import is_utf16
from everyday.site.scan import Site

# What a script imports or loads by an address, and its source map, are worth a word when they are missing.
_NAMING = re.compile(
    rb"""sourceMappingURL=(?!data:)|\bimport\.meta\.url|\b(?:from|import)\s*\(?\s*["'`]\.{0,2}/"""
)
# What follows the folder in `"img/"`, `"img/big-"` and `img/${`: addresses that a script makes when it runs.
_AFTER_FOLDER = re.compile(rb"""/[\w.@%-]{0,100}(?:["'`]|\$\{)""")
_FOLDER = re.compile(rb"[\w.@%-]+\Z")
_LONGEST_FOLDER = 255


class Relevance:
    """Whether a parser may find anything in these bytes that matters to the site."""

    def __init__(self, site: Site) -> None:
        self._candidates = Candidates(site.names)
        self._folders = frozenset(path.split("/")[-2].encode() for path in site.assets if "/" in path)

    def __call__(self, content: bytes) -> bool:
        if self._candidates.any_in(content) or _NAMING.search(content) or is_utf16(content):
            return True
        return any(self._folder(content, match.start()) for match in _AFTER_FOLDER.finditer(content))

    def _folder(self, content: bytes, end: int) -> bool:
        before = _FOLDER.search(content, max(0, end - _LONGEST_FOLDER), end)
        return before is not None and before[0] in self._folders
