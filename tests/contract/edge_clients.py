"""Clients of the local edge: AWS's own for the key-value stores, and a browser's requests."""

from typing import Any

import boto3
import urllib3

ARN = "arn:aws:cloudfront::000000000000:key-value-store/site"


def key_value_client(url: str) -> Any:
    """AWS's client at the stand-in. It puts the account in front of the host; loopback has no such name."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    client = session.client("cloudfront-keyvaluestore", endpoint_url=url)

    def plain(request: Any, **_: Any) -> None:
        request.url = request.url.replace("//000000000000.", "//", 1)

    client.meta.events.register("before-send.*", plain)
    return client


class Browser:
    """Asks for a site's addresses as they are, follows nothing, decodes nothing."""

    def __init__(self, url: str, host: str) -> None:
        self._pool = urllib3.PoolManager(retries=False, timeout=10)
        self._url, self._host = url, host

    def get(self, address: str, method: str = "GET", **headers: str) -> urllib3.BaseHTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._pool.request(
            method,
            self._url + address,
            headers={"host": self._host, **named},
            redirect=False,
            decode_content=False,
        )
