"""The errors of local mode."""

from everyday.errors import EverydayError


class LocalError(EverydayError):
    """Local mode cannot do what was asked; the message says why and what to do next."""


class PortTaken(LocalError):
    """Another program took a port between its choice and its use."""
