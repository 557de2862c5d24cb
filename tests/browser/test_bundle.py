"""A script full of words that look like files does the same after revving, in a real browser."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser

from everyday.adapters.site_folder import FolderTree
from everyday.site.model import RevRules
from everyday.site.rev import rev
from everyday.site.rewrite import content
from tests.web import reply, serving

PAGE = """<!doctype html><title>t</title><link rel="stylesheet" href="style.css">
<div id="app" class="overlay">main.js is prose, and so is img/a.png</div><img id="pic">
<script type="module" src="main.js"></script>"""
MAIN = r"""
// main.js and img/a.png in a comment
import { name, load } from "./lib/app.js";
const said = { overlay: "overlay", key: "style", file: "data", pattern: /main\.js|img\/a\.png/.source };
const element = document.getElementById("app");
const pic = document.getElementById("pic");
pic.src = "img\/a%20b.png";
const late = await import(`./lib/late.js`);
const data = await (await fetch("data.json?v=1#x")).json();
const worker = new URL("./lib/late.js", import.meta.url);
await new Promise((done) => { pic.onload = pic.onerror = done; if (pic.complete) done(); });
document.documentElement.dataset.result = JSON.stringify({
  said, name, late: late.default, data, width: pic.naturalWidth,
  loaded: (await load()).length > 0, worker: (await fetch(worker)).status,
  classes: element.className, text: element.textContent, style: getComputedStyle(element).content,
});
"""
FILES: dict[str, bytes] = {
    "index.html": PAGE.encode(),
    "main.js": MAIN.encode(),
    "style.css": b'#app { content: "style.css"; background: url("img/a b.png") }',
    "data.json": b'{"file": "main", "deep": ["overlay", "app"]}',
    "lib/app.js": b'export const name = "app"; export const load = async () => '
    b'(await fetch(new URL("../img/a b.png", import.meta.url))).text(); //# sourceMappingURL=app.js.map',
    "lib/app.js.map": b'{"version": 3, "sources": [], "mappings": ""}',
    "lib/late.js": b'import { name } from "./app.js"; export default `late ${name} main.js!`;',
    "lib/app": b"not a script",
    "overlay": b"a file with a plain name",
    "app.png": b"",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, with a picture of one pixel."""
    made = tmp_path_factory.mktemp("bundle")
    pixel = (Path(__file__).parents[2] / "examples/sites/oblique").rglob("*.png")
    picture = next(pixel).read_bytes()
    for path, body in {**FILES, "img/a b.png": picture, "img/a.png": picture}.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(body)
    return made


def result(browser: Browser, files: dict[str, bytes]) -> dict[str, Any]:
    """What the script finds when a browser runs it; every request must be answered."""
    missing = []
    types = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".json": "application/json"}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path).removeprefix("/") or "index.html"
        if path not in files and path != "favicon.ico":
            missing.append(path)
        kind = types.get(Path(path).suffix, "application/octet-stream")
        reply(handler, files.get(path, b""), status=200 if path in files else 404, Content_Type=kind)

    with serving(answer) as web:
        page = browser.new_page()
        page.goto(web.url)
        page.wait_for_selector("html[data-result]", state="attached", timeout=20_000)
        found: dict[str, Any] = json.loads(page.evaluate("document.documentElement.dataset.result"))
        page.close()
    assert missing == []
    return found


def test_a_script_does_the_same_in_a_browser_after_revving(browser: Browser, folder: Path) -> None:
    tree = FolderTree(folder)
    revision = rev(tree, RevRules(), workers=1)
    renamed = {output.source for output in revision.outputs if output.renamed}
    assert {"main.js", "lib/app.js", "lib/late.js", "img/a b.png", "data.json", "style.css"} <= renamed
    before = result(browser, {path: tree.read(path) for path in tree.files()})
    after = result(browser, {output.path: content(tree, output) for output in revision.outputs})
    assert before["width"] > 0
    assert after == before
