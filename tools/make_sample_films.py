#!/usr/bin/env python3
"""Make the sample account's films anew: `uv run --with av tools/make_sample_films.py`.

They are committed, so nobody needs an H.264 encoder to run the project. A film's first frame is the
painting that serves as its thumbnail.
"""

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "local"), str(ROOT / "layers/core/python")]

import av  # type: ignore[import-not-found,unused-ignore]
from PIL import Image

from everyday_local.instagram import scenes
from everyday_local.instagram.account import FILM
from everyday_local.instagram.gallery import FILM_SEEDS
from everyday_local.instagram.painter import Canvas
from everyday_local.instagram.pictures import paint
from everyday_local.instagram.sample import film_size

FRAMES_PER_SECOND, SECONDS = 24, 4
FRAMES = FRAMES_PER_SECOND * SECONDS


def waves(size: tuple[int, int]) -> Iterator[Image.Image]:
    """One whole swell: the last frame leads back to the first."""
    for frame in range(FRAMES):
        canvas = Canvas(size, seed=FILM_SEEDS["waves"])
        scenes.waves(canvas, frame / FRAMES)
        yield canvas.finish(grain=0)


def approach(scene: str, size: tuple[int, int]) -> Iterator[Image.Image]:
    """Move slowly into a still picture."""
    still = paint(scene, seed=FILM_SEEDS[scene], size=(size[0] * 2, size[1] * 2), grain=0)
    for frame in range(FRAMES):
        near = 0.16 * (1 - math.cos(math.pi * frame / FRAMES)) / 2
        left, top = still.width * near / 2, still.height * near * 0.6
        box = (left, top, left + still.width * (1 - near), top + still.height * (1 - near))
        yield still.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)


def film(path: Path, frames: Iterator[Image.Image], size: tuple[int, int]) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = Fraction(1, FRAMES_PER_SECOND)
        stream.options = {"crf": "27", "preset": "veryslow", "profile": "main", "threads": "1"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode())


def main() -> None:
    folder = ROOT / "local/everyday_local/instagram/videos"
    for name in FILM_SEEDS:
        size = film_size(FILM + name)
        frames = waves(size) if name == "waves" else approach(name, size)
        film(folder / f"{name}.mp4", frames, size)
        print(name, (folder / f"{name}.mp4").stat().st_size)


if __name__ == "__main__":
    main()
