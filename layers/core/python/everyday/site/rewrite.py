"""Files with their edits. Pure, but for `content`, which reads the file."""

from collections.abc import Sequence

from everyday.site.model import Edit, Output
from everyday.site.ports import Tree


def content(tree: Tree, output: Output) -> bytes:
    """What is published of this file."""
    return edited(tree.read(output.source), output.edits)


def edited(content: bytes, edits: Sequence[Edit]) -> bytes:
    """The content after the edits, which are sorted and do not overlap."""
    parts: list[bytes] = []
    done = 0
    for edit in edits:
        parts += (content[done : edit.start], edit.text)
        done = edit.end
    return b"".join((*parts, content[done:])) if parts else content


def size_after(size: int, edits: Sequence[Edit]) -> int:
    return size + sum(len(edit.text) - (edit.end - edit.start) for edit in edits)
