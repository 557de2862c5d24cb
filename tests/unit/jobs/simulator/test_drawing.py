"""The picture of a drain: well-formed, to scale, harmless."""

import re
import xml.etree.ElementTree as ET

from everyday.jobs.model import JobClass
from everyday.jobs.simulator.drawing import LEFT, WIDTH, Panel, drain
from everyday.jobs.simulator.generated import blog
from everyday.jobs.simulator.policies import Policy
from everyday.jobs.simulator.watch import Moment
from tests.unit.jobs.simulator.cases import run

SVG = "{http://www.w3.org/2000/svg}"
HIGH, LOW = JobClass.HIGH, JobClass.LOW


def bands(text: str) -> list[list[float]]:
    """The x coordinates of every filled band."""
    paths = [path for path in ET.fromstring(text).iter(f"{SVG}path") if path.get("fill")]
    return [[float(x) for x in re.findall(r"[MH]([\d.]+)", path.get("d") or "")] for path in paths]


def test_both_panels_share_their_axes() -> None:
    panels = [
        Panel(policy, "", run(blog(1), policy).watch.moments) for policy in (Policy.SEED, Policy.EVERYDAY)
    ]
    found = bands(drain(panels))
    assert len(found) == 2 * 2 * 3
    ends = [max(xs) for xs in found]
    assert ends[0] == LEFT + WIDTH
    assert ends[-1] < LEFT + WIDTH * 0.95


def test_counts_are_drawn_to_scale_in_steps() -> None:
    moments = [
        Moment(0, {HIGH: 4}, {}),
        Moment(1000, {HIGH: 2}, {HIGH: 2}),
        Moment(2000, {}, {}),
    ]
    text = drain([Panel("t", "s", moments)])
    first = next(path.get("d") or "" for path in ET.fromstring(text).iter(f"{SVG}path") if path.get("fill"))
    heights = [float(y) for y in re.findall(r"V([\d.]+)", first)]
    assert heights[1] - heights[0] == 75.0
    assert f"H{LEFT + WIDTH / 2:.1f}V{heights[1]:.1f}" in first


def test_names_are_text_and_never_markup() -> None:
    text = drain([Panel("<script>", '"&', [Moment(0, {LOW: 1}, {}), Moment(9, {}, {LOW: 1})])])
    assert "<script>" not in text
    titles = [each.text for each in ET.fromstring(text).iter(f"{SVG}text") if each.get("class") == "title"]
    assert titles == ["<script>"]


def test_a_long_drain_is_thinned_and_keeps_its_end() -> None:
    moments = [Moment(at, {LOW: 1 + at % 2}, {}) for at in range(20_001)]
    text = drain([Panel("t", "s", [*moments, Moment(20_001, {}, {})])])
    assert len(text) < 200_000
    assert max(bands(text)[2]) == LEFT + WIDTH
