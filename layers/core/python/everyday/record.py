"""The bases of what is stored and of what is sent as JSON."""

import msgspec

# In Python `$` also matches before a last line break, in JSON Schema it does not.
END = r"$(?!\n)"
"""Ends a pattern in both: nothing follows."""


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of everything that is stored as JSON: immutable, unknown keys ignored, defaults left out."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is sent to our queues: immutable, unknown keys are refused."""
