"""Which files are published, and which of them keep their names. Pure.

A file keeps its name when somebody outside the site asks for it by that name: people and search engines ask
for pages, crawlers for robots.txt, browsers for favicon.ico, feed readers for the feed, an installed app for
its manifest and its service worker (whose address is its identity).
"""

from everyday.site.model import RevRules
from everyday.site.patterns import fits

RULES = ("_redirects", "_headers")
"""The owner's files of rules, at the root: read, never published."""

_PAGES = ("*.html", "*.htm", "*.xhtml")
_ENTRIES = ("index.html", "index.htm", "index.xhtml", "404.html")
"""A folder's address shows its index, every error the 404 page: their names stand nowhere."""

_KNOWN = (
    *("robots.txt", "humans.txt", "security.txt", "ads.txt", "app-ads.txt", "llms.txt", "/CNAME"),
    *("favicon.ico", "/apple-touch-icon*.png", "browserconfig.xml", "/google*.html", "/BingSiteAuth.xml"),
    *("sitemap*.xml", "sitemap*.xml.gz", "sitemap*.txt"),
    *("rss.xml", "atom.xml", "feed.xml", "feed.json", "/index.xml", "*.rss", "*.atom"),
    *("*.webmanifest", "manifest.json"),
    *("sw.js", "service-worker.js", "serviceworker.js", "firebase-messaging-sw.js"),
    "/.well-known/**",
)
_LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"})


def published(path: str) -> bool:
    """Whether the web gets this file: not dot files (but `.well-known`), not what systems leave in folders,
    not the files of rules."""
    return path not in RULES and not any(map(litter, path.removeprefix(".well-known/").split("/")))


def litter(name: str) -> bool:
    """Whether a file or folder of this name is never published, wherever it is."""
    return name.startswith(".") or name.lower() in _LITTER


def keeps_name(path: str, rules: RevRules) -> bool:
    usual = (*_KNOWN, *(_ENTRIES if rules.rename_html else _PAGES))
    return fits((*usual, *rules.keep))(path)
