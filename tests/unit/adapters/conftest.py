"""Fixtures that several adapters' tests share."""

from tests.unit.adapters.ghosts import pauses, scripted

__all__ = ["pauses", "scripted"]
