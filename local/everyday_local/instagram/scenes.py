"""What the sample account photographs. Each scene paints a canvas; `SCENES` names them.

Outdoor scenes stand here, things seen close up in `still_lifes`.
"""

import math
from collections.abc import Callable

from everyday_local.instagram.painter import NIGHT, Canvas, Colour, mix

WHITE: Colour = (250, 250, 252)
Scene = Callable[[Canvas], None]


def hills(canvas: Canvas) -> None:
    """Ranges behind ranges, each a little darker, with mist in the valleys."""
    canvas.sun(canvas.random.uniform(0.25, 0.75), canvas.random.uniform(0.28, 0.42))
    horizon = canvas.palette.sky[-1]
    for layer in range(6):
        base = 0.5 + layer * 0.085
        canvas.land(
            canvas.crest(base, 0.025 + layer * 0.006), mix(canvas.palette.far, canvas.palette.near, layer / 5)
        )
        canvas.mist(base - 0.01, base + 0.14, mix(horizon, canvas.palette.far, layer / 6), 0.5 - layer * 0.06)


def forest(canvas: Canvas) -> None:
    """Rows of pines that come out of the fog."""
    canvas.glow(0.5, 0.35, 0.7, canvas.palette.sun, 0.6)
    for layer in range(4):
        base = 0.52 + layer * 0.14
        colour = mix(canvas.palette.far, canvas.palette.near, (layer + 0.5) / 4)
        crest = canvas.crest(base, 0.03)
        canvas.land(crest, colour)
        for x, y in crest[:: 3 + layer]:
            pine(canvas, x + canvas.random.uniform(-0.01, 0.01), y + 0.02, 0.05 + 0.045 * layer, colour)
        canvas.mist(base + 0.02, base + 0.2, canvas.palette.sky[-1], 0.55 - layer * 0.13)


def pine(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    height = size * canvas.random.uniform(0.75, 1.25)
    for tier in range(4):
        top, half = y - height * (1 - tier * 0.2), height * (0.09 + tier * 0.055)
        canvas.shape([(x, top), (x - half, top + height * 0.36), (x + half, top + height * 0.36)], colour)


def sea(canvas: Canvas) -> None:
    """The sun over the sea, its path on the water, and a sail."""
    x, horizon = canvas.random.uniform(0.3, 0.7), canvas.random.uniform(0.52, 0.6)
    canvas.sun(x, horizon - canvas.random.uniform(0.03, 0.12), 0.07)
    sky = canvas.palette.sky
    canvas.water(
        horizon,
        [mix(sky[-1], sky[0], 0.25), mix(sky[-2], sky[0], 0.45), mix(sky[0], canvas.palette.near, 0.6)],
    )
    for _ in range(260):
        depth = canvas.random.random() ** 1.6
        y, half = (
            horizon + 0.004 + depth * (1 - horizon),
            (0.012 + 0.07 * depth) * canvas.random.uniform(0.4, 1.4),
        )
        middle = x + canvas.random.gauss(0, 0.03 + 0.08 * depth)
        light = mix(canvas.palette.sun, sky[-2], min(1, abs(middle - x) * 5 + depth * 0.4))
        canvas.line([(middle - half, y), (middle + half, y)], light, 0.001 + 0.0035 * depth)
    _sail(canvas, canvas.random.choice([0.16, 0.82]), horizon + 0.03)


def _sail(canvas: Canvas, x: float, y: float) -> None:
    dark = canvas.palette.near
    canvas.shape([(x - 0.035, y), (x + 0.04, y), (x + 0.025, y + 0.014), (x - 0.022, y + 0.014)], dark)
    canvas.shape(
        [(x, y - 0.085), (x, y - 0.006), (x + 0.045, y - 0.006)], mix(WHITE, canvas.palette.sky[-1], 0.4)
    )
    canvas.shape(
        [(x - 0.004, y - 0.075), (x - 0.004, y - 0.006), (x - 0.03, y - 0.006)], mix(WHITE, dark, 0.3)
    )


def city(canvas: Canvas) -> None:
    """Three rows of houses at the blue hour, lights on in the nearest."""
    canvas.glow(canvas.random.random(), 0.62, 0.9, canvas.palette.sun, 0.45)
    canvas.disc(canvas.random.uniform(0.15, 0.85), 0.17, 0.032, mix(WHITE, canvas.palette.sky[0], 0.12))
    for row in range(3):
        colour = mix(canvas.palette.far, canvas.palette.near, row / 2)
        left = -0.03
        while left < 1:
            width = canvas.random.uniform(0.07, 0.15)
            top = canvas.random.uniform(0.34, 0.6) + row * 0.13
            _house(canvas, left, top, width, colour, lit=row)
            left += width + canvas.random.choice([0, 0, 0.008])
        canvas.mist(0.72, 1, canvas.palette.sky[-2], 0.3 - row * 0.1)


def _house(canvas: Canvas, left: float, top: float, width: float, colour: Colour, *, lit: int) -> None:
    canvas.shape([(left, top), (left + width, top), (left + width, 1.01), (left, 1.01)], colour)
    if canvas.random.random() < 0.3:
        middle = left + width / 2
        canvas.line([(middle, top - 0.045), (middle, top)], colour, 0.003)
    columns = max(2, round(width / 0.022))
    pane = width / columns
    for floor in range(int((1 - top) / 0.024)) if lit else ():
        for column in range(columns):
            if canvas.random.random() < 0.16 * lit:
                x, y = left + (column + 0.28) * pane, top + 0.012 + floor * 0.024
                glass = mix((255, 214, 130), (255, 244, 214), canvas.random.random())
                canvas.shape(
                    [(x, y), (x + pane * 0.45, y), (x + pane * 0.45, y + 0.012), (x, y + 0.012)], glass
                )


def stars(canvas: Canvas) -> None:
    """The Milky Way over a tent with a lamp in it."""
    lean = canvas.random.uniform(0.5, 0.9)
    for _ in range(40):
        along = canvas.random.random()
        spread = canvas.random.gauss(0, 0.05)
        canvas.glow(0.1 + along * lean + spread, along * 0.75, 0.13, (124, 118, 184), 0.24)
    canvas.stars(900, 0.85)
    canvas.land(canvas.crest(0.76, 0.022), mix(NIGHT.far, NIGHT.near, 0.4))
    crest = canvas.crest(0.86, 0.012)
    for x, y in crest[::4]:
        pine(canvas, x, y + 0.02, canvas.random.uniform(0.06, 0.13), NIGHT.near)
    canvas.land(crest, NIGHT.near)
    x = canvas.random.uniform(0.3, 0.7)
    canvas.glow(x, 0.9, 0.22, (255, 176, 84), 0.6)
    canvas.shape([(x, 0.86), (x - 0.075, 0.925), (x + 0.075, 0.925)], (255, 190, 104))
    canvas.shape([(x, 0.86), (x + 0.02, 0.925), (x + 0.075, 0.925)], (214, 122, 62))


def aurora(canvas: Canvas) -> None:
    """Curtains of green light over snow."""
    for curtain in range(3):
        base = canvas.crest(0.34 + curtain * 0.1, 0.06, detail=3, steps=44)
        tint = mix((64, 240, 160), (132, 92, 224), canvas.random.random() * 0.8)
        for x, y in base:
            canvas.glow(x, y, canvas.random.uniform(0.07, 0.14), tint, 0.3)
            canvas.line(
                [(x, y - canvas.random.uniform(0.1, 0.26)), (x, y + 0.02)],
                mix(tint, NIGHT.sky[1], 0.55),
                0.012,
            )
    canvas.soften(0.012)
    canvas.stars(420, 0.7)
    for layer in range(3):
        snow = mix((38, 66, 92), (186, 216, 226), layer / 2.4)
        canvas.land(canvas.crest(0.74 + layer * 0.09, 0.02), snow)


def waves(canvas: Canvas, moment: float = 0.0) -> None:
    """Waves in rows, each with a line of foam. `moment` from 0 to 1 is one whole swell, for films."""
    canvas.sun(0.66, 0.2, 0.085)
    deep, shallow = mix(canvas.palette.near, (8, 44, 92), 0.7), mix(canvas.palette.far, (96, 196, 204), 0.65)
    for row in range(9):
        near = row / 8
        base, size = 0.38 + row * 0.072, 0.008 + 0.016 * near
        speed, phase = 22 - 13 * near, canvas.random.uniform(0, math.tau)
        turn = phase + math.tau * moment * (1 if row % 2 else -1)
        crest = [
            (x, base - size * (math.sin(speed * x + turn) + 0.4 * math.sin(speed * 1.7 * x - turn)))
            for x in (step / 120 for step in range(121))
        ]
        canvas.land(crest, mix(shallow, deep, near))
        canvas.line(crest, mix(WHITE, shallow, 0.25 + 0.4 * near), 0.0022 + 0.003 * near)


def dunes(canvas: Canvas) -> None:
    """Sand ridges with a lit and a shaded side."""
    canvas.sun(canvas.random.uniform(0.2, 0.8), 0.24, 0.07)
    for layer in range(5):
        colour = mix((244, 196, 132), (150, 70, 44), layer / 5)
        crest = canvas.crest(0.5 + layer * 0.1, 0.03 + layer * 0.006, detail=2)
        canvas.land(crest, colour)
        shade = [(x, y + 0.05 + 0.045 * math.sin(8 * x + layer * 2)) for x, y in reversed(crest)]
        canvas.shape([*crest, *shade], mix(colour, (92, 40, 44), 0.34))


def bridge(canvas: Canvas) -> None:
    """A suspension bridge that ends in the fog."""
    canvas.sun(canvas.random.uniform(0.3, 0.7), 0.3, 0.05)
    canvas.land(canvas.crest(0.62, 0.014), canvas.palette.far)
    sky = canvas.palette.sky
    canvas.water(0.68, [mix(sky[-1], sky[0], 0.15), mix(sky[0], canvas.palette.near, 0.35)])
    steel, deck, towers = mix(canvas.palette.near, (150, 44, 36), 0.5), 0.66, (0.24, 0.76)
    for x in towers:
        canvas.shape([(x - 0.016, 0.3), (x + 0.016, 0.3), (x + 0.022, 0.8), (x - 0.022, 0.8)], steel)
    for step in range(101):
        x = step / 100
        sag = 0.315 + 0.3 * (
            1 - (2 * abs(x - 0.5) / 0.52) ** 2
            if 0.24 < x < 0.76
            else min(1, min(abs(x - t) for t in towers) * 3.4)
        )
        canvas.line([(x, sag), (x, deck)], steel, 0.0016)
        canvas.line([(x - 0.006, sag), (x + 0.006, sag)], steel, 0.006)
    canvas.shape([(0, deck), (1, deck), (1, deck + 0.018), (0, deck + 0.018)], steel)
    canvas.mist(0.55, 1, sky[-1], 0.55)


def snow(canvas: Canvas) -> None:
    """Peaks with white caps, and flakes in the air."""
    for layer in range(3):
        colour = mix(mix(canvas.palette.far, (120, 140, 170), 0.6), (30, 44, 70), layer / 2.5)
        for _ in range(4):
            _peak(canvas, canvas.random.random(), 0.3 + layer * 0.14, 0.3 - layer * 0.03, colour)
        canvas.mist(0.6 + layer * 0.1, 0.95, canvas.palette.sky[-1], 0.45)
    canvas.land(canvas.crest(0.9, 0.012), (232, 238, 246))
    for _ in range(240):
        canvas.disc(
            canvas.random.random(), canvas.random.random(), canvas.random.uniform(0.0012, 0.0042), WHITE
        )


def _peak(canvas: Canvas, x: float, top: float, half: float, colour: Colour) -> None:
    top += canvas.random.uniform(0, 0.1)
    canvas.shape([(x, top), (x - half, 1.01), (x + half, 1.01)], colour)
    canvas.shape([(x, top), (x + half * 0.2, 1.01), (x + half, 1.01)], mix(colour, (18, 26, 48), 0.3))
    edge, depth = half * 0.17, (1 - top) * 0.17
    cap = [(x, top), (x - edge, top + depth), (x - edge * 0.45, top + depth * 0.8), (x, top + depth * 1.25)]
    canvas.shape([*cap, (x + edge * 0.5, top + depth * 0.85), (x + edge, top + depth)], (240, 244, 250))


def field(canvas: Canvas) -> None:
    """Rows of lavender that meet at the horizon."""
    canvas.sun(canvas.random.uniform(0.3, 0.7), 0.3)
    horizon, vanishing = 0.5, canvas.random.uniform(0.35, 0.65)
    canvas.land(canvas.crest(horizon, 0.012), mix(canvas.palette.far, (70, 96, 84), 0.5))
    canvas.water(horizon + 0.01, [mix((168, 132, 190), canvas.palette.sky[-1], 0.4), (96, 58, 134)])
    for row in range(-16, 17):
        near = vanishing + row * 0.16
        colour = (78, 112, 70) if row % 2 else mix((120, 74, 166), canvas.palette.sun, 0.12)
        canvas.shape([(vanishing, horizon + 0.01), (near - 0.045, 1.01), (near + 0.045, 1.01)], colour)
    for _ in range(900):
        depth = canvas.random.random()
        y = horizon + 0.015 + depth * (0.99 - horizon)
        tint = mix((150, 106, 198), (226, 190, 240), canvas.random.random())
        canvas.disc(canvas.random.random(), y, 0.0008 + 0.0045 * depth, tint)
