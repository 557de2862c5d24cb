"""Both example sites, published for real into a local AWS and served by the local edge."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import boto3

from everyday import site_wiring
from everyday.adapters.aws import client_config
from everyday.adapters.site_folder import FolderTree
from everyday.settings import SiteSettings
from everyday.site.publishing import Publishing
from everyday_local.aws import local_session
from everyday_local.edge.account import Account
from everyday_local.edge.app import build_app
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores
from everyday_local.serving import served
from everyday_local.throwaway import throwaway_aws
from tests.browser.sites import NAMES, SITES
from tests.deployed_site import Deployed
from tests.edge_world import node_functions


class Published:
    """A site that is live. `release` is the id of its first release; `folder` a copy of its sources."""

    def __init__(self, deployed: Deployed, edge: str, session: boto3.Session, folder: Path) -> None:
        self.url = f"http://{deployed.host}:{edge.rpartition(':')[2]}"
        self.folder = folder
        settings = SiteSettings(
            site=deployed.name,
            bucket=deployed.name,
            key_value_store=deployed.store,
            distribution=deployed.id,
            site_url=self.url,
            visit_url=edge,
            key_value_store_url=edge,
        )
        self.publishing: Publishing = site_wiring.publishing(settings, session)
        shutil.copytree(SITES / deployed.name, folder)
        self.release = self.publish()

    def publish(self, *, live: bool = True) -> str:
        """Publish the folder as it is now; the release's id."""
        return self.publishing.publish(FolderTree(self.folder), by="tests", live=live).release

    def say(self, old: str, new: str, *paths: str) -> None:
        """Put words in the place of others in these of the sources."""
        for path in paths:
            text = (self.folder / path).read_text(encoding="utf-8")
            assert old in text
            (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def published(root: Path) -> Iterator[dict[str, Published]]:
    """The example sites by name. The edge's clock stands still: no cache ever forgets by itself."""
    with ExitStack() as stack:
        session = local_session(stack.enter_context(throwaway_aws(root / "aws")))
        clients = partial(session.client, config=client_config(connections=16))
        deployed = [Deployed(clients, name) for name in NAMES]
        stores = stack.enter_context(closing(Stores(root / "stores.db")))
        account = Account(clients, lambda: 0.0)
        sites = Sites(account, stack.enter_context(node_functions()), stores, lambda: 0.0)
        edge = stack.enter_context(served(build_app(sites, stores, account)))
        yield {each.name: Published(each, edge, session, root / each.name) for each in deployed}
