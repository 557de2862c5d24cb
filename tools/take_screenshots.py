"""Take the pictures of docs/images from a running local mode.

    everyday local up --detach && python -m tools.take_screenshots

The terminal's picture is what `everyday photos list` prints, drawn as SVG.
"""

import argparse
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import NamedTuple

import requests
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from everyday_local.folder import Folder
from everyday_local.status import status

IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync"]
COMMAND = "everyday photos list --limit 12"
COLUMNS = 104


class Shot(NamedTuple):
    """One picture: its name, the page, the window in CSS pixels, light or dark, and how much it is shrunk."""

    name: str
    address: str
    width: int = 1200
    height: int = 800
    scheme: str = "light"
    shrunk: float = 1.0


def main() -> None:
    """Write every picture, and say where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="the folder of local mode, as for `everyday local up`")
    folder = Folder.chosen(parser.parse_args().folder)
    addresses = {each.name: each.address for each in status(folder).services}
    if not {"console", "blog", "instagram"} <= addresses.keys():
        sys.exit("Local mode is not up; start it with: everyday local up --detach")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for shot in shots(addresses):
            print(save(browser, shot))
        browser.close()
    print(terminal(folder))


def shots(addresses: dict[str, str]) -> Iterator[Shot]:
    """What to look at: the newest carousel stands for a medium."""
    console, blog = addresses["console"], addresses["blog"]
    grid = requests.get(f"{console}/photos", timeout=30).text
    found = re.search(r'href="(/photos/\d+)">(?:(?!</a>).)*4 items', grid, re.DOTALL)
    if found is None:
        sys.exit("The sample account is not backed up yet; run: everyday photos backup")
    medium = requests.get(console + found[1], timeout=30).text
    post = re.search(rf'href="({re.escape(blog)}[^"]+)">ig-', medium)
    yield Shot("console", f"{console}/photos")
    yield Shot("console-dark", f"{console}/photos", scheme="dark")
    yield Shot("console-phone", f"{console}/photos", 390, 760)
    yield Shot("console-medium", console + found[1])
    yield Shot("console-jobs", f"{console}/jobs", 1200, 1000)
    yield Shot("console-jobs-dark", f"{console}/jobs", 1200, 1000, scheme="dark")
    yield Shot("blog", blog)
    yield Shot("instagram", addresses["instagram"], 900, 800)
    if post:
        yield Shot("blog-post", post[1], 900, 1900, shrunk=1.5)


def save(browser: Browser, shot: Shot) -> Path:
    """Take one picture. JPEG, because the pages are full of photographs."""
    page = browser.new_page(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme=shot.scheme,  # type: ignore[arg-type]
    )
    page.goto(shot.address, wait_until="networkidle")
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    page.close()
    picture = picture.resize((round(shot.width / shot.shrunk), round(shot.height / shot.shrunk)))
    path = IMAGES / f"{shot.name}.jpg"
    picture.save(path, quality=86, optimize=True)
    return path


def terminal(folder: Folder) -> Path:
    """What the command prints on a terminal, drawn as SVG."""
    told = _on_a_terminal(COMMAND.split(), folder)
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text(f"$ {COMMAND}", style="bold"))
    console.print(Text.from_ansi(told))
    path = IMAGES / "list.svg"
    drawn = console.export_svg(title="everyday", unique_id="list")
    # Without the fonts that would be asked for from another host: every reader has one of fixed width.
    path.write_text(re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL) + "\n", encoding="utf-8")
    return path


def _on_a_terminal(command: list[str], folder: Folder) -> str:
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "EVERYDAY_LOCAL": str(folder.path),
        "COLUMNS": str(COLUMNS),
        "TERM": "xterm-256color",
    }
    arguments = [sys.executable, "-m", "everyday_cli.main", *command[1:]]
    with subprocess.Popen(arguments, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        told = b"".join(_read(ours))
    os.close(ours)
    if process.returncode:
        sys.exit(told.decode())
    return told.decode().replace("\r\n", "\n")


def _read(terminal_: int) -> Iterator[bytes]:
    try:
        while chunk := os.read(terminal_, 65536):
            yield chunk
    except OSError:  # Linux tells the end of a terminal so
        return


if __name__ == "__main__":
    main()
