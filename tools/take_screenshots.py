"""Take the pictures of docs/images from a running local mode.

    everyday local up --detach && python -m tools.take_screenshots

The terminals' pictures are what commands print, drawn as SVG. For those of jobs some more are run, which
takes a minute.
"""

import argparse
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, NamedTuple

import requests
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from everyday_local.folder import Folder
from everyday_local.jobs_job import FAMILY, workload
from everyday_local.status import status

IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync"]
TERMINALS = {
    "list": "everyday photos list --limit 12",
    "jobs-queue": "everyday jobs queue --limit 8",
    "jobs-cluster": "everyday jobs cluster",
}
COLUMNS = 104
LARGE = {"class": "high", "memory": 400, "task_definition": FAMILY, "estimate_seconds": 3}
FRAMES, SECONDS = 15, 8


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
        print(terminal("list", folder))
        begin_jobs(folder)
        for shot in shots_of_jobs(addresses["console"]):
            print(save(browser, shot))
        print(terminal("jobs-queue", folder), terminal("jobs-cluster", folder))
        browser.close()


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
    yield Shot("blog", blog)
    yield Shot("instagram", addresses["instagram"], 900, 800)
    if post:
        yield Shot("blog-post", post[1], 900, 1900, shrunk=1.5)


def shots_of_jobs(console: str) -> Iterator[Shot]:
    """The page while it changes."""
    yield Shot("console-jobs", f"{console}/jobs", 1200, 1000)
    yield Shot("console-jobs-dark", f"{console}/jobs", 1200, 1000, scheme="dark")


def begin_jobs(folder: Folder) -> None:
    """Submit jobs like the sample's, and wait until some of them are done; then large ones, for which the
    instance is reserved while the others end."""
    salt = f"{time.time():.0f}"
    jobs = [_longer(job, salt) for job in workload() if int(str(job["id"])[-2:]) <= FRAMES]
    _submit(folder, [job for job in jobs if job["class"] == "high"], "--wait")
    _submit(folder, [job for job in jobs if job["class"] != "high"])
    time.sleep(15)
    _submit(folder, [{**LARGE, "id": f"poster-{number}-{salt}"} for number in (1, 2)])
    time.sleep(2)


def _longer(job: Mapping[str, Any], salt: str) -> Mapping[str, Any]:
    """The job under another name, and so slow that it can be seen."""
    seconds = [{"name": "SECONDS_TO_RUN", "value": str(SECONDS)}]
    overrides = {"containerOverrides": [{"environment": seconds}]}
    name = str(job["id"]).replace("sample", "frame")
    return {**job, "id": f"{name}-{salt}", "overrides": overrides, "estimate_seconds": SECONDS}


def _submit(folder: Folder, jobs: Sequence[Mapping[str, Any]], *options: str) -> None:
    """As their owner would."""
    environment = {**os.environ, "EVERYDAY_LOCAL": str(folder.path)}
    command = [sys.executable, "-m", "everyday_cli.main", "jobs", "submit", "-", *options]
    subprocess.run(command, input=json.dumps(jobs), text=True, env=environment, check=True)


def save(browser: Browser, shot: Shot) -> Path:
    """Take one picture. JPEG, because the pages are full of photographs."""
    page = browser.new_page(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme=shot.scheme,  # type: ignore[arg-type]
    )
    page.goto(shot.address, wait_until="load" if "jobs" in shot.name else "networkidle")
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    page.close()
    picture = picture.resize((round(shot.width / shot.shrunk), round(shot.height / shot.shrunk)))
    path = IMAGES / f"{shot.name}.jpg"
    picture.save(path, quality=86, optimize=True)
    return path


def terminal(name: str, folder: Folder) -> Path:
    """What a command prints on a terminal, drawn as SVG."""
    command = TERMINALS[name]
    told = _on_a_terminal(command.split(), folder)
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(told))
    path = IMAGES / f"{name}.svg"
    drawn = console.export_svg(title="everyday", unique_id=name)
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
