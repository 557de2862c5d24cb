"""Draws how a workload drains, as SVG that is readable on light and dark pages."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from everyday.jobs.model import JobClass
from everyday.jobs.simulator.watch import Moment

LEFT, TOP, GAP, WIDTH, WAITING, RUNNING = 58, 58, 22, 800, 150, 84
"""Pixels: the margins, the space between charts, a chart's width, and the heights of the two charts."""

PANEL = TOP + WAITING + GAP + RUNNING + 40

_COLOURS = {JobClass.HIGH: "#e5484d", JobClass.NORMAL: "#f0a020", JobClass.LOW: "#3b82f6"}
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #24292f }
.axis { stroke: #8c959f; stroke-width: 1; fill: none }
.grid { stroke: #8c959f; stroke-opacity: .25; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #9198a1 } .title { fill: #e6edf3 } }
"""


class Panel(NamedTuple):
    """One simulation: what is written above its charts, and what was counted."""

    title: str
    subtitle: str
    moments: Sequence[Moment]


class Scale(NamedTuple):
    """Maps times and counts to pixels; `bottom` is where zero is drawn."""

    begin: int
    end: int
    most: int
    bottom: float
    height: float

    def x(self, at: int) -> float:
        return LEFT + WIDTH * (at - self.begin) / max(1, self.end - self.begin)

    def y(self, count: float) -> float:
        return self.bottom - self.height * count / max(1, self.most)


def drain(panels: Sequence[Panel]) -> str:
    """An SVG document: for each panel the jobs that wait and those that run, in bands of their classes.

    All panels have the same axes, so that they can be compared.
    """
    shown = [panel._replace(moments=_thinned(panel.moments)) for panel in panels]
    end = max(panel.moments[-1].at - panel.moments[0].at for panel in shown)
    waiting = max(sum(moment.waiting.values()) for panel in shown for moment in panel.moments)
    running = max(sum(moment.running.values()) for panel in shown for moment in panel.moments)
    height = PANEL * len(shown) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 24} {height}" role="img" '
        f'aria-label="{escape("; ".join(f"{panel.title}: {panel.subtitle}" for panel in shown))}">',
        f"<style>{_STYLE}</style>",
        *_legend(),
    ]
    for number, panel in enumerate(shown):
        top, begin = PANEL * number + 24.0, panel.moments[0].at
        upper = Scale(begin, begin + end, waiting, top + TOP + WAITING, WAITING)
        lower = Scale(begin, begin + end, running, upper.bottom + GAP + RUNNING, RUNNING)
        parts += [
            _text(LEFT, top + 24, panel.title, kind="title"),
            _text(LEFT, top + 43, panel.subtitle),
            *_chart(upper, [(moment.at, moment.waiting) for moment in panel.moments], "waiting"),
            *_chart(lower, [(moment.at, moment.running) for moment in panel.moments], "running"),
            *_time_axis(lower),
        ]
    return "\n".join([*parts, "</svg>\n"])


def _legend() -> Iterable[str]:
    for number, (job_class, colour) in enumerate(_COLOURS.items()):
        x = LEFT + WIDTH - 220 + 80 * number
        yield f'<rect x="{x}" y="8" width="12" height="12" rx="3" fill="{colour}"/>'
        yield _text(x + 18, 18, job_class)


def _chart(scale: Scale, counts: Sequence[tuple[int, Mapping[JobClass, int]]], name: str) -> Iterable[str]:
    for count in sorted({scale.most // 2, scale.most}):
        y = scale.y(count)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}h{WIDTH}"/>'
        yield _text(LEFT - 8, y + 4, f"{count:,}", anchor="end")
    below = [0] * len(counts)
    for job_class, colour in _COLOURS.items():
        above = [
            under + by_class.get(job_class, 0) for under, (_, by_class) in zip(below, counts, strict=True)
        ]
        yield f'<path fill="{colour}" fill-opacity=".88" d="{_band(scale, counts, below, above)}"/>'
        below = above
    yield f'<path class="axis" d="M{LEFT} {scale.bottom:.1f}h{WIDTH}"/>'
    middle = scale.bottom - scale.height / 2
    yield (f'<text transform="translate(14 {middle:.1f}) rotate(-90)" text-anchor="middle">{name}</text>')


def _band(
    scale: Scale, counts: Sequence[tuple[int, object]], below: Sequence[int], above: Sequence[int]
) -> str:
    """A stepped band between two lines: there above, and back below."""
    times = [at for at, _ in counts]
    there = "".join(f"H{scale.x(at):.1f}V{scale.y(count):.1f}" for at, count in _changes(times, above))
    back = "".join(f"V{scale.y(count):.1f}H{scale.x(at):.1f}" for at, count in _changes(times, below)[::-1])
    return f"M{scale.x(times[0]):.1f} {scale.bottom:.1f}{there}H{scale.x(times[-1]):.1f}{back}Z"


def _changes(times: Sequence[int], counts: Sequence[int]) -> list[tuple[int, int]]:
    """When the count becomes another, and which."""
    return [
        (at, count)
        for index, (at, count) in enumerate(zip(times, counts, strict=True))
        if not index or counts[index - 1] != count
    ]


def _time_axis(scale: Scale) -> Iterable[str]:
    seconds = (scale.end - scale.begin) / 1000
    step = next((it for it in (60, 300, 900, 1800, 3600, 10800, 21600) if seconds / it <= 9), 86_400)
    for number in range(int(seconds // step) + 1):
        x = scale.x(scale.begin + 1000 * number * step)
        yield f'<path class="axis" d="M{x:.1f} {scale.bottom:.1f}v5"/>'
        label = f"{number * step / 3600:g} h" if step >= 1800 else f"{number * step // 60} min"
        yield _text(x, scale.bottom + 19, label, anchor="middle")


def _text(x: float, y: float, text: str, *, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style} text-anchor="{anchor}">{escape(text)}</text>'


def _thinned(moments: Sequence[Moment], most: int = 2_000) -> Sequence[Moment]:
    """At most that many, evenly chosen, and always the last."""
    step = max(1, -(-len(moments) // most))
    return [*moments[::step], *([] if (len(moments) - 1) % step == 0 else [moments[-1]])]
