"""Publish a folder once to an S3 at an address, for `_site_publish`: `_site_publish_once.py FOLDER URL`."""

import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3

from everyday.adapters.aws import client_config
from everyday.adapters.site_bucket import THREADS, S3Bucket
from everyday.adapters.site_folder import FolderTree
from everyday.clients import now
from everyday.site.confirming import Patience
from everyday.site.model import Revision, SiteRules
from everyday.site.publication import Publication
from everyday.site.publishing import Publishing, World


class _Edge:
    """CloudFront in a file beside the site: its requests are counted, and no part of what is measured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        self.requests = {"edge GetKey": 0, "edge UpdateKeys": 0, "edge DescribeKeyValueStore": 0}

    def get(self, key: str) -> str | None:
        self.requests["edge GetKey"] += 1
        return self._values.get(key)

    def change(self, puts: Mapping[str, str], deletes: Sequence[str], *, pointer: Any, **_: int) -> bool:
        self.requests["edge DescribeKeyValueStore"] += 1
        self.requests["edge GetKey"] += 1
        keys = len(puts) + len(deletes) + bool(pointer)
        self.requests["edge UpdateKeys"] += -(-keys // 50)
        self._values |= dict(puts) | ({"live": pointer[0]} if pointer else {})
        self._path.write_text(json.dumps(self._values))
        return True


def main(folder: Path, url: str) -> None:
    """Publish once, and print what of it the others have no part of."""
    # With the loading of its parsers; a publication that changes nothing does neither.
    took, revision = [0.0], Publication.__dict__["revision"]
    real = revision.func

    def timed(publication: Publication) -> Revision:
        began = time.perf_counter()
        made: Revision = real(publication)
        took[0] += time.perf_counter() - began
        return made

    revision.func = timed
    session = boto3.Session()
    client = session.client("s3", endpoint_url=url, config=client_config(connections=THREADS))
    edge = _Edge(folder.parent / f"{folder.name}-{url.rpartition(':')[2]}.json")
    nobody: Any = None
    world = World(
        bucket=S3Bucket(client, "site", session),
        pointer=edge,
        cdn=nobody,
        visitor=nobody,
        patience=Patience(now, time.sleep, random.random),
        new_id=lambda: "bench",
    )
    Publishing("site", SiteRules(), world).publish(FolderTree(folder), by="bench", wait=False)
    print(json.dumps({"rev": took[0], "requests": {name: it for name, it in edge.requests.items() if it}}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
