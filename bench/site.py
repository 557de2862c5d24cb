"""Measure `site` against its goals: `python bench/site.py`, or parts of it, such as `rev publish`."""

import sys
from collections.abc import Callable, Iterator

import _site_publish
import _site_rev
from _imports import imports
from _report import Row, write

ADAPTERS = {
    "site_publish": [
        *("cloudfront", "codepipeline", "key_value_store", "site_artifact"),
        *("site_bucket", "site_upload", "site_visitor", "site_zip"),
    ]
}


def cold_starts() -> Iterator[Row]:
    yield from imports(ADAPTERS, peer="import boto3, awscrt.s3, tree_sitter_javascript")


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "rev": _site_rev.rows,
    "publish": _site_publish.rows,
    "imports": cold_starts,
}


if __name__ == "__main__":
    write("site", [row for name in sys.argv[1:] or PARTS for row in PARTS[name]()])
