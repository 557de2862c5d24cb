"""The far ends of a site over real connections, with troubles on demand, and a visitor who never rests."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from everyday.site.edge import LIVE
from everyday.site.manifest import decode, pointer_value
from everyday.site.model import Manifest
from everyday.site.names import MANIFEST
from everyday.site.verify import Fault as Wrong
from everyday_local.edge.app import build_app
from everyday_local.edge.data_plane import PREFIX
from everyday_local.edge.functions import Functions
from everyday_local.edge.model import REQUEST, RESPONSE, Answer, Distribution, Function
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores
from everyday_local.serving import served
from stacks.edge_functions import VIEWER_REQUEST, VIEWER_RESPONSE, edge_function
from tests.contract.edge_clients import ARN, Browser
from tests.edge_world import node_functions
from tests.faults.site.publisher import HOST, Ends, Order, Publisher, publisher
from tests.s3_stub.serving import Fault, Stub, serving

Hook = Callable[[str, str], Fault | None]
_VERSION = re.compile(rb"version-(\d+)")
_NAMED = re.compile(rb'(?:href="|src="|url\("|from ")([^"]+\.[a-z2-7]{10}\.\w+)"')
PAGES = ("/", "/about.html", "/deep/er/page.html")


def nothing(kind: str, key: str) -> None: ...


class OneSite:
    """An account with one distribution, which caches nothing, over the stub's bucket."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        functions = {
            REQUEST: Function(edge_function(VIEWER_REQUEST), ARN),
            RESPONSE: Function(edge_function(VIEWER_RESPONSE), ARN),
        }
        self._distribution = Distribution(
            id="E1",
            domain="d1.cloudfront.net",
            names=[HOST],
            bucket="site",
            folder="",
            root="",
            methods=["GET", "HEAD"],
            functions=functions,
            ttls=(0, 0, 0),
            query_in_key=False,
            gzip=False,
            errors={404: 0},
            headers=[],
        )

    def distributions(self) -> Sequence[Distribution]:
        return [self._distribution]

    def fetch(self, distribution: Distribution, uri: str) -> Answer:
        found = self._stub.objects.current(unquote(uri).removeprefix("/"))
        if found is None or found.body is None:
            return Answer(404, {"content-type": "application/xml"}, b"<Error/>")
        return Answer(200, {"etag": found.tag, **found.headers}, found.body)

    def invalidations(self, distribution_id: str) -> dict[str, Callable[[], Sequence[str]]]:
        return {}

    def has_store(self, arn: str) -> bool:
        return arn == ARN


class FarEnd:
    """`hook` sees every request of a publisher before it has an effect, and may give it a fault. `hours`: how
    far ahead the bucket's clock is, as the publishers' are by their orders."""

    def __init__(self, stub: Stub, functions: Functions) -> None:
        self.stub, self.stores = stub, Stores()
        self.hook: Hook = nothing
        self._turn = threading.Lock()
        self.hours = 0.0
        stub.fault = self._seen
        stub.objects.clock = lambda: datetime.now(UTC) + timedelta(hours=self.hours)
        cloud: Any = OneSite(stub)
        sites = Sites(cloud, functions, self.stores, lambda: 0.0)
        self.app = self._guarded(build_app(sites, self.stores, cloud))
        self.url = ""

    def clear(self) -> None:
        """No site any more, and no trouble."""
        self.hook, self.hours = nothing, 0.0
        self.stub.objects.versions.clear()
        self._tell({}, [key for key, _ in self._told()])

    def saved(self) -> Callable[[], None]:
        """A way back to what is there now."""
        versions = {key: list(found) for key, found in self.stub.objects.versions.items()}
        told = dict(self._told())

        def back() -> None:
            self.clear()
            self.stub.objects.versions = {key: list(found) for key, found in versions.items()}
            self._tell(told, [])

        return back

    def _told(self) -> Sequence[tuple[str, str]]:
        return self.stores.after(ARN, "", 100_000)

    def _tell(self, puts: dict[str, str], deletes: list[str]) -> None:
        pairs = list(puts.items())
        for at in range(0, max(len(pairs), len(deletes)), 25):
            step = dict(pairs[at : at + 25]), deletes[at : at + 25]
            self.stores.change(ARN, self.stores.about(ARN).etag, *step)

    @property
    def manifest(self) -> Manifest:
        found = self.stub.objects.current(MANIFEST)
        return decode(found.body) if found and found.body else Manifest(site="blog")

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self.stub.url, self.url)

    @property
    def browser(self) -> Browser:
        return Browser(self.url, HOST)

    def wrong(self) -> list[str]:
        """What is not as it must be when all is over: what was left behind by a cut is no loss."""
        manifest = self.manifest
        found = self._ends.publishing(Order()).verify().findings
        bad = [f"{it.fault} {it.key}" for it in found if it.fault != Wrong.EXTRA]
        live = self.stores.get(ARN, LIVE)
        return bad if live == pointer_value(manifest) else [*bad, f"the pointer is {live!r}"]

    def _seen(self, kind: str, key: str) -> Fault | None:
        with self._turn:
            return self.hook(kind, key)

    def _guarded(self, app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
                await app(scope, receive, send)
                return
            fault = self._seen(f"edge {scope['method']}", scope["path"].rpartition("/")[2])
            if fault == "lost":
                await app(scope, receive, _swallow)
            await (Response(status_code=503) if fault else app)(scope, receive, send)

        return guarded


async def _swallow(message: Message) -> None: ...


@contextmanager
def far_end() -> Iterator[FarEnd]:
    """Everything but publishers, until the block ends. Skips the test without Node."""
    with node_functions() as functions, serving() as stub:
        end = FarEnd(stub, functions)
        with served(end.app) as end.url:
            yield end
        end.stores.close()


@contextmanager
def publishers(end: FarEnd, count: int) -> Iterator[list[Publisher]]:
    with ExitStack() as stack:
        yield [stack.enter_context(publisher(end.stub.url, end.url)) for _ in range(count)]


class Visitor:
    """Looks at the site all the while: a page, and everything that it names, and what that names.
    `ordered`: a later look never shows an earlier version."""

    def __init__(self, end: FarEnd, *, ordered: bool) -> None:
        self._browser, self._ordered = end.browser, ordered
        self._ended, self._turn = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run)
        self.wrong: list[str] = []
        self.versions: list[int] = []

    def __enter__(self) -> "Visitor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ended.wait(0.03):  # so that publishers get some of the machine, too
                self.look()
        except Exception as error:  # noqa: BLE001 - what a thread raises nobody else would see
            self.wrong.append(repr(error))

    def look(self) -> None:
        """At every page once; one look after the other, whoever asks for it."""
        with self._turn:
            for page in PAGES:
                self._page(page)

    def _page(self, address: str) -> None:
        body, release = self._get(address)
        found = _VERSION.search(body)
        if not found:
            self.wrong.append(f"{address} of {release} is no page: {body[:60]!r}")
            return
        version = int(found[1])
        if self._ordered and self.versions and version < max(self.versions):
            self.wrong.append(f"{address} shows {version} after {max(self.versions)}")
        self.versions.append(version)
        self._named_by(address, body, found[0])

    def _named_by(self, address: str, body: bytes, version: bytes) -> None:
        for name in _NAMED.findall(body):
            asset = urljoin(address, name.decode())
            inner, _ = self._get(asset)
            told = _VERSION.search(inner)
            if told and told[0] != version:
                self.wrong.append(f"{address} of {version!r} names {asset}, which is of {told[0]!r}")
            self._named_by(asset, inner, version)

    def _get(self, address: str) -> tuple[bytes, str]:
        answer = self._browser.get(address)
        if answer.status != 200:
            self.wrong.append(f"{address} is answered with {answer.status}")
        return answer.data, answer.headers.get("x-everyday-release", "")


def a_site(root: Path, number: int) -> str:
    """The folder of a linked site whose files say the version, but for two pictures that never change."""
    here = root / f"v{number}"
    head = f'<title>version-{number}</title><link rel="stylesheet" href="%s"><script type="module" src="%s">'
    files = {
        "index.html": head % ("css/main.css", "js/app.js") + '</script><img src="img/logo.svg">',
        "about.html": head % ("css/main.css", "js/app.js") + '</script><img src="img/photo.png">',
        "deep/er/page.html": head % ("../../css/deep.css", "../../js/say.js") + "</script>",
        "404.html": "<title>not here</title>",
        "css/main.css": f'@import url("deep.css"); p {{ --a: url("../img/a.png") }} /* version-{number} */',
        "css/deep.css": f'@font-face {{ src: url("../fonts/b.woff2") }} /* version-{number} */',
        "js/app.js": f'import {{ say }} from "./say.js"; say("version-{number}");',
        "js/say.js": f'import {{ tell }} from "./tell.js"; export const say = tell; // version-{number}',
        "js/tell.js": f"export const tell = (text) => text; // version-{number}",
        "fonts/b.woff2": f"version-{number} b",
        "img/a.png": f"version-{number} a",
        "img/photo.png": f"version-{number} photo",
        "img/logo.svg": "<svg/>",
    }
    for path, text in files.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_text(text)
    return str(here)
