"""`photos login`: a secret is tried before it is stored, and never shown."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from everyday import wiring
from everyday.adapters.memory import MemorySecrets
from everyday.errors import BlogKeyRefused, OwnerActionNeeded
from everyday_cli import photos_stores
from everyday_cli.photos_stores import Target
from tests.builders import NOW
from tests.cli.photos_world import GHOST_KEY, TOKEN, Cli


class Services:
    """Instagram and the blog as `login` meets them; `refusal` is what they answer with."""

    def __init__(self) -> None:
        self.secrets = MemorySecrets()
        self.refusal: Exception | None = None
        self.tried: list[str] = []

    def whose(self, token: str) -> dict[str, str]:
        return self._answer(token, {"username": "sample", "user_id": "1"})

    def blog(self, _: Any, __: Any = None, *, key: str) -> Any:
        return SimpleNamespace(check=lambda: self._answer(key, SimpleNamespace(title="My blog")))

    def _answer(self, given: str, answer: Any) -> Any:
        self.tried.append(given)
        if self.refusal:
            raise self.refusal
        return answer


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    made = Services()
    names = SimpleNamespace(instagram_secret="instagram", ghost_secret="ghost")

    class LoginTarget(Target):
        stage = SimpleNamespace(session=None)
        token_settings = post_settings = names

    monkeypatch.setattr(photos_stores, "Target", LoginTarget)
    monkeypatch.setattr(wiring, "token_api", lambda _: made)
    monkeypatch.setattr(wiring, "blog", made.blog)
    monkeypatch.setattr(wiring, "secrets", lambda _: made.secrets)
    monkeypatch.setattr(wiring, "now", lambda: NOW)
    return made


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


CASES = [("instagram", [], TOKEN, "sample"), ("ghost", ["--ghost"], GHOST_KEY, "My blog")]


@pytest.mark.parametrize(("name", "flags", "secret", "of"), CASES)
def test_a_secret_that_works_is_stored_and_never_shown(
    cli: Cli, services: Services, monkeypatch, name: str, flags: list[str], secret: str, of: str
) -> None:
    for extra in ([], ["--json"]):
        piped(monkeypatch, f"  {secret}\n")
        done = cli("photos", "login", *flags, "--stdin", *extra)
        assert (done.status, done.err) == (0, "")
        assert of in done.out
        assert secret not in done.out
    assert services.tried == [secret, secret]
    assert secret in services.secrets.get(name).values()


def test_a_token_is_stored_with_its_times_and_account(cli: Cli, services: Services, monkeypatch) -> None:
    piped(monkeypatch, TOKEN)
    cli("photos", "login", "--stdin")
    assert services.secrets.get("instagram") == {
        "access_token": TOKEN,
        "username": "sample",
        "user_id": "1",
        "obtained_at": "2026-05-01T12:00:00+00:00",
        "expires_at": "2026-06-30T12:00:00+00:00",
    }


@pytest.mark.parametrize(("name", "flags", "secret", "of"), CASES)
def test_a_dry_run_tries_the_secret_and_stores_nothing(
    cli: Cli, services: Services, monkeypatch, name: str, flags: list[str], secret: str, of: str
) -> None:
    piped(monkeypatch, secret)
    done = cli("photos", "login", *flags, "--stdin", "--dry-run")
    assert (done.status, "would be stored" in done.out, services.tried) == (0, True, [secret])
    assert services.secrets.values == {}


@pytest.mark.parametrize(
    ("flags", "secret", "refusal"),
    [
        ([], TOKEN, OwnerActionNeeded(f"Instagram refuses the token (access_token={TOKEN})")),
        (["--ghost"], GHOST_KEY, BlogKeyRefused(f"the blog refused the Admin API key {GHOST_KEY}")),
    ],
)
def test_a_refused_secret_is_not_stored_and_not_told(
    cli: Cli, services: Services, monkeypatch, flags: list[str], secret: str, refusal: Exception
) -> None:
    services.refusal = refusal
    for extra in ([], ["--json"]):
        piped(monkeypatch, secret)
        done = cli("photos", "login", *flags, "--stdin", *extra)
        assert done.status == 1
        assert "nothing was stored" in done.err + done.out
        assert "refuse" in done.err + done.out
        assert secret not in done.err + done.out
    assert services.secrets.values == {}


@pytest.mark.parametrize("flags", [["--stdin"], []])
def test_nothing_given_is_bad_usage(cli: Cli, services: Services, monkeypatch, flags: list[str]) -> None:
    piped(monkeypatch, "\n")
    done = cli("photos", "login", *flags)
    assert (done.status, done.out, services.tried) == (2, "", [])
    assert "--help" in done.err


def test_on_a_terminal_it_explains_the_steps_and_hides_what_is_typed(
    cli: Cli, services: Services, monkeypatch
) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(what: str, **how: Any) -> str:
        asked.append(how)
        return TOKEN

    piped(monkeypatch, "")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", prompt)
    done = cli("photos", "login")
    assert done.status == 0
    assert "developers.facebook.com" in done.err
    assert [how["hide_input"] for how in asked] == [True]
    assert TOKEN not in done.out + done.err
