"""S3 in memory over real HTTP, strict where S3 is strict, with counted requests and faults on demand.

with serving() as stub:            in this process, for tests
with serving_apart() as address:   in a process of its own, for benchmarks: `counts(address)`
"""

from tests.s3_stub.serving import Stub, counts, serving, serving_apart

__all__ = ["Stub", "counts", "serving", "serving_apart"]
