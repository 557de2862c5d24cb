"""Things seen close up: a cup, an editor, a bicycle, tiles, rain on a window."""

import math

from everyday_local.instagram.painter import Canvas, Colour, mix
from everyday_local.instagram.scenes import WHITE

TILE_COLOURS: tuple[tuple[Colour, ...], ...] = (
    ((18, 52, 92), (238, 232, 214), (222, 122, 72), (92, 150, 168)),
    ((46, 30, 58), (248, 226, 200), (208, 78, 90), (238, 168, 92)),
    ((16, 72, 68), (240, 240, 226), (226, 178, 80), (112, 168, 142)),
)


def tiles(canvas: Canvas) -> None:
    """Quarter circles on a grid, as on an old kitchen floor."""
    colours = canvas.random.choice(TILE_COLOURS)
    columns = canvas.random.choice([5, 6, 8])
    side = canvas.width / columns
    for row in range(math.ceil(canvas.height / side)):
        for column in range(columns):
            left, top = column * side, row * side
            ground, figure, inner = canvas.random.sample(colours, 3)
            canvas.draw.rectangle((left, top, left + side, top + side), fill=ground)
            turn = canvas.random.randrange(4)
            x, y = left + side * (turn in (1, 2)), top + side * (turn >= 2)
            for radius, colour in ((side * 0.96, figure), (side * 0.58, inner), (side * 0.26, ground)):
                box = (x - radius, y - radius, x + radius, y + radius)
                canvas.draw.pieslice(box, turn * 90, turn * 90 + 90, fill=colour)


def coffee(canvas: Canvas) -> None:
    """A flat white from above, on a wooden table."""
    wood: Colour = canvas.random.choice([(150, 104, 70), (104, 74, 60), (186, 146, 104)])
    top = 0.0
    while top < 1:
        board = canvas.random.uniform(0.09, 0.16)
        tint = mix(wood, (52, 32, 24), canvas.random.uniform(0, 0.3))
        canvas.shape([(0, top), (1, top), (1, top + board), (0, top + board)], tint)
        for _ in range(14):
            y, x = top + canvas.random.random() * board, canvas.random.random()
            canvas.line(
                [(x, y), (x + canvas.random.uniform(0.1, 0.5), y)], mix(tint, (40, 24, 18), 0.18), 0.0012
            )
        canvas.line([(0, top), (1, top)], mix(tint, (20, 12, 10), 0.6), 0.003)
        top += board
    canvas.glow(0.1, 0.05, 1.0, (255, 236, 200), 0.4)
    x, y = canvas.random.uniform(0.42, 0.58), canvas.random.uniform(0.45, 0.55)
    canvas.glow(x + 0.04, y + 0.035, 0.62, (24, 14, 10), 0.8)
    china: Colour = canvas.random.choice([(238, 234, 226), (112, 150, 160), (226, 190, 160)])
    canvas.disc(x, y, 0.36, china)
    canvas.ring(x, y, 0.33, mix(china, (60, 50, 46), 0.16), 0.005)
    canvas.disc(x + 0.012, y + 0.01, 0.245, mix(china, (40, 30, 30), 0.35))
    canvas.disc(x, y, 0.24, mix(china, WHITE, 0.5))
    canvas.disc(x, y, 0.215, (112, 66, 36))
    _rosetta(canvas, x, y)


def _rosetta(canvas: Canvas, x: float, y: float) -> None:
    ratio = canvas.width / canvas.height
    for leaf in range(7):
        size = 0.155 - leaf * 0.021
        middle = y + (0.05 - leaf * 0.026) * ratio
        canvas.disc(x, middle, size, (240, 214, 176) if leaf % 2 == 0 else (146, 92, 54))
    canvas.shape(
        [(x, y + 0.17 * ratio), (x - 0.012, y - 0.1 * ratio), (x + 0.012, y - 0.1 * ratio)], (240, 214, 176)
    )


def code(canvas: Canvas) -> None:
    """An editor window with a function in it, too small to review."""
    unit, left, top = canvas.width / 100, 9.0, 12.0
    right, bottom = 91.0, canvas.height / unit - 12
    canvas.glow(0.54, 0.55, 0.8, (10, 8, 24), 0.75)
    canvas.draw.rounded_rectangle(
        (left * unit, top * unit, right * unit, bottom * unit), 2.4 * unit, fill=(24, 26, 38)
    )
    for index, light in enumerate(((255, 95, 87), (254, 188, 46), (40, 200, 64))):
        x = (left + 4 + index * 3.6) * unit
        canvas.draw.ellipse((x, (top + 3) * unit, x + 2.2 * unit, (top + 5.2) * unit), fill=light)
    indent, y = 0, top + 11
    while y < bottom - 5:
        indent = max(0, min(4, indent + canvas.random.choice([-1, 0, 0, 1])))
        _code_line(canvas, left + 8 + indent * 4, y, right - 6)
        y += 4.1


def _code_line(canvas: Canvas, x: float, y: float, right: float) -> None:
    unit = canvas.width / 100
    colours: list[Colour] = [
        (130, 170, 255),
        (199, 146, 234),
        (195, 232, 141),
        (240, 242, 250),
        (247, 140, 108),
    ]
    for _ in range(canvas.random.choice([0, 1, 2, 3, 4, 5])):
        length = canvas.random.uniform(3, 13)
        if x + length > right:
            return
        box = (x * unit, y * unit, (x + length) * unit, (y + 1.6) * unit)
        canvas.draw.rounded_rectangle(box, 0.8 * unit, fill=canvas.random.choice(colours))
        x += length + 1.6


def bike(canvas: Canvas) -> None:
    """A bicycle against the evening sun."""
    canvas.sun(0.5, 0.5, 0.2)
    canvas.land(canvas.crest(0.64, 0.02), mix(canvas.palette.far, canvas.palette.near, 0.35))
    canvas.land(canvas.crest(0.76, 0.003), canvas.palette.near)
    ink, ratio = mix(canvas.palette.near, (0, 0, 0), 0.3), canvas.width / canvas.height
    radius, ground = 0.155, 0.755
    hub = ground - radius * ratio
    for x in (0.29, 0.71):
        canvas.ring(x, hub, radius, ink, 0.011)
        for spoke in range(14):
            turn = math.tau * spoke / 14
            canvas.line(
                [(x, hub), (x + radius * math.cos(turn), hub + radius * math.sin(turn) * ratio)], ink, 0.0016
            )
    crank, seat, head = (0.47, hub + 0.01), (0.42, hub - 0.2 * ratio), (0.64, hub - 0.22 * ratio)
    for start, end in (((0.29, hub), crank), ((0.29, hub), seat), (seat, crank), (seat, head), (crank, head)):
        canvas.line([start, end], ink, 0.011)
    canvas.line([(0.71, hub), (0.635, hub - 0.27 * ratio), (0.69, hub - 0.29 * ratio)], ink, 0.011)
    canvas.line([(0.375, seat[1] - 0.02), (0.465, seat[1] - 0.022)], ink, 0.02)
    canvas.line([seat, (0.416, seat[1] - 0.02)], ink, 0.01)
    canvas.ring(*crank, 0.036, ink, 0.007)


def rain(canvas: Canvas) -> None:
    """City lights, out of focus, behind drops on a window."""
    canvas.mist(0, 1, (14, 18, 34), 0.8)
    lamps: list[Colour] = [(255, 190, 98), (250, 108, 94), (120, 190, 250), (255, 232, 190), (126, 222, 178)]
    for _ in range(46):
        x, y = canvas.random.random(), canvas.random.gauss(0.55, 0.17)
        canvas.glow(
            x,
            y,
            canvas.random.uniform(0.05, 0.15),
            canvas.random.choice(lamps),
            canvas.random.uniform(0.4, 0.9),
        )
    canvas.soften(0.004)
    for _ in range(260):
        x, y = canvas.random.random(), canvas.random.random()
        size = canvas.random.uniform(0.002, 0.009)
        under = canvas.image.getpixel((int(x * (canvas.width - 1)), int(y * (canvas.height - 1))))
        assert isinstance(under, tuple)  # noqa: S101 - an RGB image's pixel
        colour: Colour = (int(under[0]), int(under[1]), int(under[2]))
        canvas.disc(x, y, size, mix(colour, (10, 14, 28), 0.35))
        canvas.disc(x, y + size * 0.25, size * 0.74, mix(colour, WHITE, 0.22))
        canvas.disc(x - size * 0.3, y - size * 0.3, size * 0.22, WHITE)
