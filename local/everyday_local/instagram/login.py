"""The login flow: the page where the owner says yes, and the code that becomes a token."""

from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from everyday_local.instagram.api import record
from everyday_local.instagram.faults import Op
from everyday_local.instagram.standin import Standin
from everyday_local.instagram.tokens import APP_ID, APP_SECRET

SCOPE = "instagram_business_basic"


class Login:
    """`/oauth/authorize` and `/oauth/access_token`, which stand on hosts of their own at Meta."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin

    async def authorize(self, request: Request) -> Response:
        """A page with one link, back to the application with a fresh code."""
        asked = request.query_params
        redirect = asked.get("redirect_uri", "")
        if asked.get("client_id") != APP_ID or asked.get("response_type") != "code":
            return HTMLResponse("<!doctype html><p>Invalid platform app", 400)
        if not redirect.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            return HTMLResponse("<!doctype html><p>Invalid redirect_uri", 400)
        back = {"code": self._standin.tokens.code(redirect)}
        if "state" in asked:
            back["state"] = asked["state"]
        link = f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(back)}#_"
        name = escape(self._standin.account.profile.username)
        return HTMLResponse(
            f"<!doctype html><title>Log in as {name}</title><p>May this application read the media of "
            f'<b>{name}</b>?</p><p><a id="allow" href="{escape(link)}">Allow</a></p>'
        )

    async def redeem(self, request: Request) -> Response:
        """Code → token of one hour. Errors have a shape of their own here."""
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        response = self._token(form)
        record(self._standin, Op.CODE, request, response)
        return response

    def _token(self, form: dict[str, str]) -> Response:
        if form.get("client_id") != APP_ID or form.get("client_secret") != APP_SECRET:
            return _error("Invalid platform app")
        if form.get("grant_type") != "authorization_code":
            return _error("Invalid grant_type")
        redirect, now = form.get("redirect_uri", ""), self._standin.now()
        token = self._standin.tokens.redeem(form.get("code", ""), redirect, now)
        if token is None:
            return _error("Matching code was not found or was already used")
        user = int(self._standin.account.profile.user_id)
        return JSONResponse({"access_token": token, "user_id": user, "permissions": [SCOPE]})


def _error(message: str) -> Response:
    return JSONResponse({"error_type": "OAuthException", "code": 400, "error_message": message}, 400)
