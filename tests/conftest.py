"""What every test relies on."""

import signal

# A shell starts its background jobs with Ctrl-C ignored, and every child would inherit that: the suite sends
# it to programs that must end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)
