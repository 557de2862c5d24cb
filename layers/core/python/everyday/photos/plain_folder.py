"""How a restored folder looks: names that every file system takes, an index for people and one for programs.

All functions here are pure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from urllib.parse import quote

import msgspec

from everyday.photos.captions import clean
from everyday.photos.model import Medium, Sidecar, StoredFile

Shelf = Sequence[tuple[str, Sidecar]]
"""(folder, sidecar) of each restored medium, newest first. Folders are relative and `/`-separated."""

_TITLE_BYTES = 120  # with date and id far below 255, the limit of a name on ext4, APFS and NTFS
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')


def folder_name(medium: Medium) -> str:
    """`2024/2024-05-01 Morning light (17900000000000001)`.

    Begins with a digit and ends with the id, so no name is reserved, hidden, cut off by Windows, or taken.
    """
    day = medium.taken_at
    title = _file_title(medium.caption)
    parts = [f"{day:%Y-%m-%d}", title, f"({medium.id})"]
    return f"{day:%Y}/{' '.join(part for part in parts if part)}"


def _file_title(caption: str) -> str:
    line = _first_line(caption)
    # Format characters (joiners, direction marks) mean nothing in a file's name and hide what it is.
    visible = "".join(it for it in line if unicodedata.category(it) not in {"Cf", "Co", "Cn", "Cs"})
    words = " ".join(_FORBIDDEN.sub(" ", unicodedata.normalize("NFC", visible)).split())
    cut = words.encode("utf-8")[:_TITLE_BYTES].decode("utf-8", "ignore")
    return cut.strip(" .")


def _first_line(caption: str) -> str:
    return next((line for line in clean(caption).split("\n") if line.strip()), "")


def index_json(shelf: Shelf) -> str:
    """Every medium: where it is, what it says, and the hashes of its files."""
    media = [
        {
            "id": sidecar.medium.id,
            "folder": folder,
            "taken_at": sidecar.medium.taken_at,
            "section": sidecar.medium.section,
            "media_type": sidecar.medium.media_type,
            "caption": sidecar.medium.caption,
            "permalink": sidecar.medium.permalink,
            "gone_at": sidecar.gone_at,
            "files": sidecar.files,
        }
        for folder, sidecar in shelf
    ]
    return msgspec.json.format(msgspec.json.encode({"media": media}), indent=2).decode() + "\n"


def index_html(shelf: Shelf) -> str:
    """One page without scripts, to be opened from the disk; pictures load as they come into view."""
    years = groupby(shelf, key=lambda pair: pair[1].medium.taken_at.year)
    sections = "".join(_section(year, media) for year, media in years)
    return _PAGE.format(count=len(shelf), sections=sections)


def _section(year: int, media: Iterable[tuple[str, Sidecar]]) -> str:
    figures = "".join(_figure(*pair) for pair in media)
    return f'<section>\n<h2>{year}</h2>\n<div class="wall">\n{figures}</div>\n</section>\n'


def _figure(folder: str, sidecar: Sidecar) -> str:
    medium = sidecar.medium
    caption = clean(medium.caption)
    shown = "".join(_files(folder, sidecar))
    link = ""
    if (medium.permalink or "").startswith("https://"):
        link = f' · <a href="{escape(medium.permalink or "")}" rel="noreferrer">Instagram</a>'
    told = f"<p dir=auto>{escape(caption)}</p>" if caption else ""
    when = f"<time datetime={medium.taken_at:%Y-%m-%d}>{medium.taken_at:%d %b %Y}</time>"
    return f"<figure>{shown}<figcaption>{when}{link}{told}</figcaption></figure>\n"


def _files(folder: str, sidecar: Sidecar) -> Iterator[str]:
    """The first file as it looks, the others as numbers to click."""
    alts = {item.position: item.alt_text for item in sidecar.medium.items}
    files = [file for file in sidecar.files if not file.thumbnail]
    previews = {file.position: _address(folder, file) for file in sidecar.files if file.thumbnail}
    for number, file in enumerate(files, 1):
        address = _address(folder, file)
        if number > 1:
            yield f'<a class="more" href="{address}">{number}</a>'
        elif file.content_type.startswith("video/"):
            poster = f' poster="{previews[file.position]}"' if file.position in previews else ""
            yield f'<video src="{address}"{poster} controls preload="none"></video>'
        else:
            alt = alts.get(file.position) or _first_line(sidecar.medium.caption) or "photo"
            picture = address if file.is_web_picture else previews.get(file.position)
            face = (
                f'<img src="{picture}" alt="{escape(alt)}" loading="lazy">' if picture else escape(file.name)
            )
            yield f'<a href="{address}">{face}</a>'


def _address(folder: str, file: StoredFile) -> str:
    return escape(quote(f"{folder}/{file.name}"))


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{count} posts from Instagram</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#1c1b1a, #eceae6); --quiet: light-dark(#6b6863, #a19d96);
  --page: light-dark(#faf9f7, #161514); --card: light-dark(#fff, #201f1d); }}
body {{ margin: 0 auto; max-width: 80rem; padding: 2rem 1.25rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }}
h1, h2 {{ font-weight: 600; letter-spacing: -.01em; }}
h2 {{ position: sticky; top: 0; z-index: 1; margin: 2rem 0 .75rem; padding: .5rem 0;
  background: var(--page); }}
.wall {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.25rem; }}
figure {{ margin: 0; background: var(--card); border-radius: .5rem; overflow: hidden;
  content-visibility: auto; contain-intrinsic-size: 15rem 22rem; }}
img, video {{ display: block; width: 100%; aspect-ratio: 1; object-fit: cover; background: var(--page); }}
video {{ object-fit: contain; }}
.more {{ display: inline-block; margin: .5rem 0 0 .75rem; }}
figcaption {{ padding: .75rem; color: var(--quiet); font-size: .875rem; }}
figcaption p {{ margin: .25rem 0 0; color: var(--ink); white-space: pre-line; overflow-wrap: anywhere;
  max-height: 12lh; overflow: auto; }}
a {{ color: inherit; }}
</style>
<h1>{count} posts</h1>
{sections}</html>
"""
