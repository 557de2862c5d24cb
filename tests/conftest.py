"""What every test relies on."""

import signal

# A shell starts its background jobs with Ctrl-C ignored, and every child would inherit that: the suite sends
# it to programs that must end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test's name is in the environment of every process that it starts, and Linux takes no variable of
    128 KiB: the first test to start Ghost must not be called by a whole picture."""
    return f"{argname}-{len(val)}" if isinstance(val, bytes | str) and len(val) > 100 else None
