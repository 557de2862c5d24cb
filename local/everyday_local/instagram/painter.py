"""A canvas for painted landscapes: gradients, glows, ridges and mist, the same for the same seed.

Everything is drawn at twice the size and halved at the end, which smooths the edges.
"""

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

SCALE = 2
# Pillow's radial gradient is 180 at the middle of an edge; light is to be gone there.
_FALLOFF = Image.radial_gradient("L").point([round(255 * max(0.0, 1 - v / 178) ** 2) for v in range(256)])


class Palette(NamedTuple):
    """The light of a picture: sky from top to horizon, the sun, and land from far to near."""

    sky: tuple[Colour, ...]
    sun: Colour
    far: Colour
    near: Colour


DAWN = Palette(
    ((58, 74, 128), (148, 116, 158), (243, 166, 140), (255, 219, 172)),
    (255, 241, 208),
    (196, 132, 140),
    (42, 36, 68),
)
DUSK = Palette(
    ((26, 24, 66), (94, 44, 104), (218, 86, 96), (255, 176, 104)),
    (255, 224, 150),
    (164, 72, 98),
    (22, 16, 44),
)
NOON = Palette(
    ((44, 116, 190), (112, 172, 222), (190, 222, 238), (236, 242, 236)),
    (255, 252, 230),
    (138, 178, 186),
    (26, 74, 74),
)
AUTUMN = Palette(
    ((84, 132, 158), (176, 194, 190), (240, 218, 176), (252, 226, 170)),
    (255, 240, 204),
    (222, 158, 92),
    (92, 40, 30),
)
MINT = Palette(
    ((32, 104, 112), (94, 168, 160), (184, 220, 196), (244, 242, 214)),
    (255, 250, 224),
    (124, 184, 164),
    (16, 58, 66),
)
NIGHT = Palette(
    ((6, 10, 30), (14, 24, 58), (30, 46, 92), (62, 78, 122)), (240, 240, 255), (34, 48, 88), (4, 8, 20)
)
DAYLIGHT = (DAWN, DUSK, NOON, AUTUMN, MINT)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that lies `share` of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """A vertical gradient through the colours, top to bottom."""
    strip = Image.new("RGB", (1, len(stops)))
    for row, colour in enumerate(stops):
        strip.putpixel((0, row), colour)
    # The middle of the first and the last pixel are the ends of the gradient, not the pixels' outer edges.
    return strip.resize(size, Image.Resampling.BILINEAR, box=(0, 0.5, 1, len(stops) - 0.5))


class Canvas:
    """A picture being painted. Lengths are shares of the canvas' width (x) and height (y): 0 to 1."""

    def __init__(self, size: tuple[int, int], *, seed: int, palette: Palette | None = None) -> None:
        self.random = random.Random(seed)  # noqa: S311 - it paints
        self.palette = palette or self.random.choice(DAYLIGHT)
        self.width, self.height = size[0] * SCALE, size[1] * SCALE
        self.image = gradient((self.width, self.height), self.palette.sky)
        self.draw = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> Point:
        return (x * self.width, y * self.height)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle; the radius is a share of the width."""
        centre_x, centre_y, r = x * self.width, y * self.height, radius * self.width
        self.draw.ellipse((centre_x - r, centre_y - r, centre_x + r, centre_y + r), fill=colour)

    def ring(self, x: float, y: float, radius: float, colour: Colour, thickness: float) -> None:
        centre_x, centre_y, r = x * self.width, y * self.height, radius * self.width
        box = (centre_x - r, centre_y - r, centre_x + r, centre_y + r)
        self.draw.ellipse(box, outline=colour, width=max(1, round(thickness * self.width)))

    def line(self, points: Sequence[Point], colour: Colour, thickness: float) -> None:
        width = max(1, round(thickness * self.width))
        self.draw.line([self.at(*point) for point in points], fill=colour, width=width, joint="curve")

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self.draw.polygon([self.at(*point) for point in points], fill=colour)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Light that fades with the distance from its middle."""
        r, middle_x, middle_y = radius * self.width, x * self.width, y * self.height
        left, top = max(0, math.ceil(middle_x - r)), max(0, math.ceil(middle_y - r))
        right, bottom = min(self.width, int(middle_x + r)), min(self.height, int(middle_y + r))
        if left >= right or top >= bottom:
            return
        # Only the part on the canvas is scaled up: a wide glow reaches far beyond it.
        scale = 255.9 / (2 * r)
        x0, y0 = middle_x - r, middle_y - r
        seen = ((left - x0) * scale, (top - y0) * scale, (right - x0) * scale, (bottom - y0) * scale)
        light = _FALLOFF.point([round(value * strength) for value in range(256)])
        mask = light.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=seen)
        self.image.paste(colour, (left, top, right, bottom), mask)

    def sun(self, x: float, y: float, radius: float = 0.06) -> None:
        self.glow(x, y, radius * 9, self.palette.sun, 0.5)
        self.glow(x, y, radius * 3.5, self.palette.sun, 0.8)
        self.disc(x, y, radius, self.palette.sun)

    def crest(self, base: float, height: float, *, detail: int = 5, steps: int = 90) -> list[Point]:
        """A wandering line around `base`, from the left edge to the right."""
        waves = [
            (2 ** (n * 0.9) * self.random.uniform(0.7, 1.3), self.random.uniform(0, math.tau), 0.58**n)
            for n in range(detail)
        ]
        return [
            (x, base - height * sum(size * math.sin(speed * 4 * x + phase) for speed, phase, size in waves))
            for x in (step / steps for step in range(steps + 1))
        ]

    def land(self, crest: Sequence[Point], colour: Colour) -> None:
        """Fill everything below the line."""
        self.shape([*crest, (1, 1.01), (0, 1.01)], colour)

    def mist(self, top: float, bottom: float, colour: Colour, strength: float) -> None:
        """A veil that grows from nothing at `top` to its strength at `bottom`."""
        box = (0, round(top * self.height), self.width, round(bottom * self.height))
        veil = Image.linear_gradient("L").point([round(v * strength) for v in range(256)])
        self.image.paste(colour, box, veil.resize((box[2] - box[0], box[3] - box[1])))

    def water(self, horizon: float, stops: Sequence[Colour]) -> None:
        top = round(horizon * self.height)
        self.image.paste(gradient((self.width, self.height - top), stops), (0, top))

    def stars(self, count: int, bottom: float) -> None:
        for _ in range(count):
            light = self.random.random() ** 3
            x, y = self.random.random(), self.random.random() * bottom
            self.disc(x, y, 0.0005 + 0.0016 * light, mix((128, 138, 180), (255, 252, 240), light))

    def soften(self, radius: float) -> None:
        """Blur everything painted so far, quickly: at a quarter of the size."""
        small = self.image.reduce(4).filter(ImageFilter.GaussianBlur(radius * self.width / 4))
        self.image.paste(small.resize(self.image.size, Image.Resampling.BILINEAR))

    def finish(self, grain: int = 5) -> Image.Image:
        """The picture at its real size, with a little film grain against banding."""
        picture = self.image.reduce(SCALE)
        return ImageChops.add(picture, self._grain(picture.size, grain), offset=-128) if grain else picture

    def _grain(self, size: tuple[int, int], grain: int) -> Image.Image:
        tile = Image.frombytes("L", (256, 256), self.random.randbytes(65536))
        tile = tile.point([128 - grain + value * 2 * grain // 255 for value in range(256)])
        sheet = Image.new("L", size)
        for left in range(0, size[0], 256):
            for top in range(0, size[1], 256):
                sheet.paste(tile, (left, top))
        return Image.merge("RGB", (sheet, sheet, sheet))
