"""Serve until somebody ends this: `python -m tests.s3_stub SECONDS_EACH` prints its port."""

from tests.s3_stub.serving import main

main()
