"""The example sites on loopback, as they lie in their folders and as revved, and how a browser looks."""

import mimetypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Response

from everyday.adapters.site_folder import FolderTree
from everyday.site.model import RevRules
from everyday.site.rev import rev
from everyday.site.rewrite import content
from tests.browser.conftest import Opened
from tests.web import reply, serving

SITES = Path(__file__).parents[2] / "examples" / "sites"
NAMES = ("oblique", "cointossr")
HOWS = ("raw", "revved")
TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}

Files = dict[str, bytes]


class Site(NamedTuple):
    """`asked` holds the path of every request."""

    url: str
    asked: list[str]


class Look(NamedTuple):
    """What a browser got: a page, and every answer to it."""

    opened: Opened
    answers: list[Response]


def files(name: str, how: str) -> Files:
    """What the web gets of a site, by path; all is in the folder, so nothing may be missing or in doubt."""
    tree = FolderTree(SITES / name)
    if how == "raw":
        return {path: tree.read(path) for path in tree.files()}
    revision = rev(tree, RevRules(), workers=1)
    assert (revision.unresolved, revision.doubtful, revision.problems) == ((), (), ())
    return {output.path: content(tree, output) for output in revision.outputs}


@contextmanager
def site(name: str, how: str) -> Iterator[Site]:
    """Serve a site with the policy that its own `_headers` ask for."""
    found = files(name, how)
    rules = (SITES / name / "_headers").read_text(encoding="utf-8")
    policy = re.search(r"Content-Security-Policy: (.*)", rules)
    assert policy

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path).removeprefix("/") or "index.html"
        status, path = (200, path) if path in found else (404, "404.html")
        kind = TYPES.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "text/plain"
        reply(
            handler, found[path], status=status, Content_Type=kind, Content_Security_Policy=policy[1].strip()
        )

    with serving(answer) as web:
        yield Site(web.url, web.asked)


@contextmanager
def look(browser: Browser, address: str, **context: Any) -> Iterator[Look]:
    """Open an address in a context of its own, such as `java_script_enabled=False`."""
    made = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    page = made.new_page()
    page.set_default_timeout(20_000)
    found = Look(Opened(page, [], []), [])
    page.on("console", lambda it: found.opened.complaints.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda error: found.opened.complaints.append(str(error)))
    page.on("response", lambda it: found.answers.append(it))  # it marks what it is given
    here = urlsplit(address)[:2]
    page.on(
        "request", lambda it: None if urlsplit(it.url)[:2] == here else found.opened.elsewhere.append(it.url)
    )
    try:
        page.goto(address, wait_until="load")
        if context.get("java_script_enabled", True) and page.locator("script").count():
            page.wait_for_selector(".ready")
        yield found
    finally:
        made.close()


FAINT = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = parts(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
  };
  const words = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((it) => it.getClientRects().length && !it.closest("svg") && words(it))
    .map((it) => {
      const [one, other] = [light(parts(getComputedStyle(it).color)), light(behind(it))];
      return [it.textContent, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
    })
    .filter(([, contrast]) => contrast < 4.5);
}"""
"""The words of a page with less contrast than WCAG AA asks for (1.4.3), each with its contrast."""

REACHED = """() => [...document.querySelectorAll("a, button, summary")]
  .filter((it) => it.getClientRects().length)
  .map((it) => {
    it.focus({ focusVisible: true });
    const { outlineStyle, outlineWidth } = getComputedStyle(it);
    const outlined = outlineStyle === "solid" && parseFloat(outlineWidth) >= 2;
    return [it.textContent.trim(), document.activeElement === it && outlined];
  })"""
"""Everything that can be reached by keyboard: its words, and whether it is outlined then."""
