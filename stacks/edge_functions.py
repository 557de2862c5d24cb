"""The source of the CloudFront Functions of every site: what differs between sites is in their store."""

import re
from pathlib import Path

_FOLDER = Path(__file__).parent / "edge"

LARGEST = 10_000
"""Bytes of one function: AWS says that it takes «10 KB»."""

VIEWER_REQUEST = "viewer_request"
VIEWER_RESPONSE = "viewer_response"


def edge_function(name: str) -> str:
    """One function as it is deployed: with what both know; without comments, indentation, needless ends of
    lines, and the spaces around `=`, which no string of theirs has."""
    source = "".join((_FOLDER / f"{part}.js").read_text() for part in ("common", name))
    lines = (line.strip() for line in source.splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("//"))
    return re.sub(r" (={1,3}>?) ", r"\1", re.sub(r"(?<=[{;,])\n", "", code)) + "\n"
