"""Instagram's API as a source of media."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.media_http import MediaDownloads
from everyday.errors import (
    CursorRefused,
    MediumGone,
    MediumMissing,
    OwnerActionNeeded,
    SettingsError,
    SourceError,
)
from everyday.photos.graph import FIELD_LISTS, Answer, failure, read_medium, read_page, refuses_fields
from everyday.photos.model import Item, Medium
from everyday.photos.ports import Body, Page
from everyday.ports import Secrets


def secret_token(secrets: Secrets, name: str) -> Callable[[], str]:
    """Reads the access token from the named secret whenever it is called."""

    def read() -> str:
        token = secrets.get(name).get("access_token")
        if not isinstance(token, str) or not token:
            raise SettingsError(f"the secret {name} holds no access_token; run `everyday photos login`")
        return token

    return read


class GraphSource:
    """The owner's media, newest first. `fresh` and `open` may be called from several threads.

    `token` is asked once, and again after Instagram refused it. `page_size` is at most 100.
    """

    def __init__(
        self, http: GraphHttp, *, token: Callable[[], str], media: MediaDownloads, page_size: int = 50
    ) -> None:
        self._http = http
        self._token = token
        self._known_token: str | None = None
        self._media = media
        self._page_size = page_size
        self._fields = 0

    def page(self, cursor: str | None) -> Page:
        """See `Source.page`. The last fields that Instagram accepted are remembered."""
        place = {"after": cursor} if cursor else {}

        def call() -> Page:
            answer = self._with_fields("/me/media", {"limit": str(self._page_size), **place})
            return read_page(answer, asked=cursor, now=self._http.clock())

        return self._http.retrying(call)

    def count(self) -> int | None:
        """See `Source.count`."""
        answer = self._http.retrying(lambda: self._ask("/me", {"fields": "media_count"}))
        count = answer.payload.get("media_count")
        return count if isinstance(count, int) and count >= 0 else None

    def fresh(self, medium_id: str) -> Medium:
        """See `Source.fresh`."""
        if not (medium_id.isascii() and medium_id.isdigit()):
            raise MediumGone(f"Instagram's API does not know {medium_id}")

        def call() -> Medium:
            answer = self._with_fields(f"/{medium_id}", {}, medium_id=medium_id)
            try:
                return read_medium(answer.payload)
            except ValueError as error:
                raise MediumMissing(f"Instagram's answer about {medium_id} cannot be read: {error}") from None

        return self._http.retrying(call)

    def open(self, item: Item, *, thumbnail: bool = False) -> AbstractContextManager[Body]:
        """See `Source.open`."""
        address = item.thumbnail_url if thumbnail else item.url
        if address is None:
            raise MediumMissing("Instagram gives no address for it")
        return self._media.open(address)

    def _with_fields(self, path: str, params: Mapping[str, str], *, medium_id: str | None = None) -> Answer:
        for index in range(self._fields, len(FIELD_LISTS)):
            answer = self._ask(path, {**params, "fields": FIELD_LISTS[index]}, medium_id=medium_id)
            if not refuses_fields(answer):
                self._fields = index
                return answer
        if "after" in params:
            raise CursorRefused("Instagram no longer knows the saved place in the listing")
        raise failure(answer, now=self._http.clock()) or SourceError("Instagram refuses every field list")

    def _ask(self, path: str, params: Mapping[str, str], *, medium_id: str | None = None) -> Answer:
        """The answer, when it is none of Instagram's errors but a refused field list."""
        token = self._known_token = self._known_token or self._token()
        answer = self._http.get(path, {**params, "access_token": token}, hidden=[token])
        error = failure(answer, now=self._http.clock(), medium_id=medium_id)
        if isinstance(error, OwnerActionNeeded):
            self._known_token = None  # the owner may have logged in since it was read
        if error and not refuses_fields(answer):
            raise error
        return answer
