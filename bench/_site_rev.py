"""How fast a site is revved, beside reading, hashing and writing its files, and beside gulp-rev-all.

The sites are made up, always the same from their size: of 100 files 40 are pages of 1 to 24 KB that link to
12 other pages at random and name a style sheet, a script and 6 pictures; 15 are style sheets; 15 are scripts
of 2 to 40 KB, every tenth a bundle of 300 KB with thousands of strings, and a third of them name a file; 5
are JSON; 25 are pictures: random bytes, as many as the size leaves.
"""

import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from _report import Row

from everyday.adapters.site_folder import FolderTree
from everyday.site.model import RevRules
from everyday.site.rev import rev
from everyday.site.writing import write

MIB = 2**20
RUNS = 3
WORDS = ("lorem", "ipsum", "dolor", "sit", "amet", "elit", "sed", "do", "tempor", "labore", "magna") * 12
PEER = "gulp-rev-all@5.1.0"
PEER_SECONDS = 60


def rows() -> Iterator[Row]:
    """Speed, growth, memory, and pages that are renamed too."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder, "large"), Path(folder, "small")
        site(large, 10_000, 200 * MIB)
        site(small, 2_000, 40 * MIB)
        floor, many, few = _best(large, small, Path(folder, "out"))
        yield Row(
            name="rev of 10,000 files, 200 MB: time beside reading, hashing and writing them",
            value=round(many / floor, 2),
            unit="times as long",
            better="lower",
            goal=5,
            limit=1,
            note=f"{many:.2f} s against {floor:.2f} s, written too, the best of {RUNS} runs of each; "
            f"processor time {_cpu(large, Path(folder, 'out'))}",
        )
        yield Row(
            name="rev of 10,000 files: time beside 2,000",
            value=round(many / few, 2),
            unit="times as long",
            better="lower",
            goal=6,
            limit=5,
            note=f"{many:.2f} s against {few:.2f} s",
        )
        yield Row(
            name="rev of 10,000 files, 200 MB: peak memory",
            value=round(_peak_mib(large, Path(folder, "peak"))),
            unit="MiB",
            better="lower",
            goal=600,
            note="of the process that writes the site and, added, of the largest that reads it",
        )
        yield _linked(Path(folder))


def _linked(folder: Path) -> Row:
    source = folder / "linked"
    linked(source, 100)
    seconds = min(
        _seconds(lambda: _rev(source, folder / "linked-out", rename_html=True)) for _ in range(RUNS)
    )
    peer = _gulp(source, folder / "gulp")
    return Row(
        name="rev of 100 pages that link to each other, renamed too",
        value=round(seconds, 3),
        unit="s",
        better="lower",
        goal=1,
        peers={} if peer is None else {PEER: peer},
        note=_said(peer),
    )


def _said(peer: float | None) -> str:
    if peer is None:
        return f"{PEER} could not be installed"
    return f"{PEER} was stopped after {PEER_SECONDS} s" if peer >= PEER_SECONDS else ""


def _best(large: Path, small: Path, out: Path) -> tuple[float, float, float]:
    """The best times of the floor, of a rev of the large and of the small site, taken in turn."""
    times = [
        (
            _seconds(lambda: _floor(large, out)),
            _seconds(lambda: _rev(large, out)),
            _seconds(lambda: _rev(small, out)),
        )
        for _ in range(RUNS)
    ]
    floor, many, few = (min(column) for column in zip(*times, strict=True))
    return floor, many, few


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _rev(source: Path, out: Path, *, rename_html: bool = False) -> None:
    shutil.rmtree(out, ignore_errors=True)
    tree = FolderTree(source)
    write(tree, rev(tree, RevRules(rename_html=rename_html)), out)


def _cpu(source: Path, out: Path) -> str:
    """What both take of all processors together, which hardly depends on what else the machine does."""
    used = []
    for work in (_rev, _floor):
        before = sum(os.times()[:4])
        work(source, out)
        used.append(sum(os.times()[:4]) - before)
    return f"{used[0]:.2f} s against {used[1]:.2f} s"


def _floor(source: Path, out: Path) -> None:
    """Read, hash and write every file, one after the other."""
    shutil.rmtree(out, ignore_errors=True)
    for folder, _, names in os.walk(source):
        to = out / Path(folder).relative_to(source)
        to.mkdir(parents=True)
        for name in names:
            body = Path(folder, name).read_bytes()
            hashlib.sha256(body).digest()
            (to / name).write_bytes(body)


def _peak_mib(source: Path, out: Path) -> float:
    """In a process of its own, whose memory is as it begins."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measured, args=(theirs, source, out))
    process.start()
    theirs.close()
    if not ours.poll(600):
        raise AssertionError("the rev did not end")
    peak: float = ours.recv()
    process.join(10)
    return peak


def _measured(pipe: Connection, source: Path, out: Path) -> None:
    _rev(source, out)
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    pipe.send(sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / 2**10)


def _gulp(source: Path, folder: Path) -> float | None:
    """Seconds the peer takes, at most its limit; None when it cannot be installed."""
    folder.mkdir()
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    (folder / "package.json").write_text(json.dumps({"name": "peer", "private": True}))
    (folder / "rev.js").write_text(
        'const gulp = require("gulp"), rev = require("gulp-rev-all");\n'
        'gulp.src(process.argv[2] + "/**").pipe(rev.revision({dontRenameFile: [/index.html$/]}))\n'
        '  .pipe(gulp.dest("out"));\n'
    )
    try:
        install = [npm, "install", "--no-audit", "--no-fund", PEER, "gulp@5"]
        subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=180)
    except (subprocess.SubprocessError, OSError):
        return None
    began = time.perf_counter()
    try:
        subprocess.run(
            [node, "rev.js", str(source)], cwd=folder, check=True, capture_output=True, timeout=PEER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return float(PEER_SECONDS)
    except subprocess.CalledProcessError:
        return None
    return round(time.perf_counter() - began, 2)


def site(root: Path, files: int, size: int) -> None:
    """A site of this many files and bytes; see the top of this module."""
    random = Random(f"site {files}")
    makers = {
        "pages": (files * 40 // 100, _page),
        "css": (files * 15 // 100, _style),
        "js": (files * 15 // 100, _script),
        "data": (files * 5 // 100, _data),
    }
    counts = {word: count for word, (count, _) in makers.items()}
    counts["img"] = files - sum(counts.values())
    written = 0
    for word, (count, make) in makers.items():
        for number in range(count):
            written += _put(root, _path(word, number), make(random, number, counts))
    share = max(0, size - written) // counts["img"]
    for number in range(counts["img"]):
        _put(root, _path("img", number), random.randbytes(share))


def linked(root: Path, pages: int) -> None:
    """Pages that each link to 20 others, with a style sheet."""
    random = Random("linked")
    _put(root, "main.css", b"a{color:red}")
    for number in range(pages):
        links = "".join(
            f'<a href="{_name(other)}">{other}</a>' for other in random.sample(range(pages), min(20, pages))
        )
        _put(root, _name(number), f'<link rel=stylesheet href="main.css">{links}'.encode())


def _name(number: int) -> str:
    return f"page-{number}.html" if number else "index.html"


def _put(root: Path, path: str, body: bytes) -> int:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    return (root / path).write_bytes(body)


def _path(word: str, number: int) -> str:
    """100 files in a folder, so that references go up and down."""
    folder, extension = f"{number // 100:03}", {"pages": "html", "data": "json", "img": "png"}.get(word, word)
    return f"{word}/{folder}/{word}-{number}.{extension}"


Counts = dict[str, int]


def _other(random: Random, word: str, counts: Counts) -> str:
    return _path(word, random.randrange(counts[word]))


def _prose(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))


def _page(random: Random, number: int, counts: Counts) -> bytes:
    """Of 1 to 24 KB, most of it prose in paragraphs."""
    other = partial(_other, random, counts=counts)
    head = f'<link rel="stylesheet" href="/{other("css")}"><script src="../../{other("js")}" defer></script>'
    links = [
        f'<li><a class="link" href="../../{other("pages")}">{_prose(random, 3)}</a></li>' for _ in range(12)
    ]
    images = [f'<p><img src="/{other("img")}" alt="{_prose(random, 4)}"></p>' for _ in range(6)]
    prose = [f'<p class="text">{_prose(random, 90)}</p>' for _ in range(random.randrange(40))]
    body = "\n".join((*links, *images, *prose))
    return (
        f"<!doctype html><html><head><title>{number}</title>{head}</head><body>{body}</body></html>".encode()
    )


def _style(random: Random, number: int, counts: Counts) -> bytes:
    rules = [f".{word}-{number} {{ margin: 0 {number % 9}px; color: #abc; }}" for word in WORDS[:120]]
    images = [
        f'.image-{at} {{ background: url("../../{_other(random, "img", counts)}"); }}' for at in range(4)
    ]
    return "\n".join((*rules[: random.randrange(40, 120)], *images)).encode()


def _script(random: Random, number: int, counts: Counts) -> bytes:
    """Every third names something of the site."""
    size = 3_000 if number % 10 == 0 else random.randrange(20, 400)
    lines = [
        f'function f{at}(a, b) {{ if (a > {at}) {{ return "{_prose(random, 4)}"; }} return b + {at}; }}'
        for at in range(size)
    ]
    if number % 3 == 0:
        lines.append(f'const data = "/{_other(random, "data", counts)}";')
    return "\n".join(lines).encode()


def _data(random: Random, number: int, counts: Counts) -> bytes:
    entries = [
        {"id": at, "text": _prose(random, 12), "image": f"/{_other(random, 'img', counts)}"}
        for at in range(20)
    ]
    return json.dumps({"number": number, "entries": entries}).encode()


if __name__ == "__main__":
    from _report import write as report

    report("site_rev", list(rows()))
