"""The example sites are small, whole, and their rules are understood."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from everyday.adapters.site_folder import FolderTree
from everyday.site import rules_headers, rules_redirects
from everyday.site.model import RevRules
from everyday.site.rev import rev

SITES = Path(__file__).parents[2] / "examples" / "sites"
WORDS = {".html", ".css", ".js", ".json", ".svg", ".webmanifest"}
NOT_ASKED_FOR = {"http://www.w3.org/2000/svg"}

both = pytest.mark.parametrize("name", ["oblique", "cointossr"])


@both
def test_a_site_is_small(name: str) -> None:
    assert sum(FolderTree(SITES / name).files().values()) < 150_000


@both
def test_a_site_names_no_other_host(name: str) -> None:
    for path in (path for path in (SITES / name).rglob("*") if path.suffix in WORDS):
        named = re.findall(r"https?://[^\s\"'`)>$]+", path.read_text(encoding="utf-8"))
        assert set(named) <= NOT_ASKED_FOR, path


@both
def test_an_id_stands_once_on_a_page(name: str) -> None:
    for page in (SITES / name).glob("*.html"):
        ids = Counter(re.findall(r'\sid="([^"]+)"', page.read_text(encoding="utf-8")))
        assert ids
        assert {found for found, count in ids.items() if count > 1} == set(), page


@both
def test_a_site_is_revved_without_a_doubt(name: str) -> None:
    revision = rev(FolderTree(SITES / name), RevRules(), workers=1)
    assert (revision.unresolved, revision.doubtful, revision.problems) == ((), (), ())
    renamed = {output.source for output in revision.outputs if output.renamed}
    assert {"js/main.js", "css/main.css", "img/icon-512.png"} <= renamed


@both
def test_the_edge_understands_its_rules(name: str) -> None:
    folder = SITES / name
    pages = dict.fromkeys((page.name for page in folder.glob("*.html")), "hash")
    redirects = rules_redirects.compiled((folder / "_redirects").read_text(encoding="utf-8"), pages, {})
    headers = rules_headers.compiled((folder / "_headers").read_text(encoding="utf-8"))
    assert (redirects.problems, headers.problems) == ((), ())


def test_the_deck_has_many_cards_and_each_once() -> None:
    suits = json.loads((SITES / "oblique" / "cards.json").read_text(encoding="utf-8"))["suits"]
    cards = [card for suit in suits for card in suit["cards"]]
    assert len(cards) == len(set(cards)) == 132
    assert max(map(len, cards)) < 70  # what a card has room for
