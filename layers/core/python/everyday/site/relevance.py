"""Whether a script or a file of data is worth parsing: most name nothing of the site. Pure."""

import re

from everyday.site.candidates import Candidates
from everyday.site.scan import Site

# What a script imports by an address, and its source map, are worth a word when they are missing.
_NAMING = re.compile(rb"""sourceMappingURL=(?!data:)|\b(?:from|import)\s*\(?\s*["'`]\.{0,2}/""")
# `img/` at the end of a string, or before what is filled in: an address that is made when the script runs.
_FOLDER = re.compile(rb"""(?<![\w.@%-])([\w.@%-]+)/[\w.@%-]*(?:["'`]|\$\{)""")


class Relevance:
    """Whether a parser may find anything in these bytes that matters to the site."""

    def __init__(self, site: Site) -> None:
        self._candidates = Candidates(site.names)
        self._folders = frozenset(path.split("/")[-2].encode() for path in site.assets if "/" in path)

    def __call__(self, content: bytes) -> bool:
        if self._candidates.any_in(content) or _NAMING.search(content):
            return True
        return any(match[1] in self._folders for match in _FOLDER.finditer(content))
