"""The base of what is stored as JSON."""

import msgspec


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of everything that is stored as JSON: immutable, unknown keys ignored, defaults left out."""
