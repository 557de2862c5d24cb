"""The site commands: what they say, and with which exit status."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from everyday.site.model import SiteRules
from everyday_cli import site_stores
from tests.cli.photos_world import Cli
from tests.cli.site_world import MemoryTarget, Sites, Step

PAGE = '<link rel="stylesheet" href="css/main.css"><p>Hello'


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Sites:
    made = Sites()
    monkeypatch.setattr(site_stores, "Target", MemoryTarget)
    monkeypatch.setattr(MemoryTarget, "stores", made, raising=False)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site of two files, in a folder called like one of the sites."""
    made = tmp_path / "blog"
    (made / "css").mkdir(parents=True)
    (made / "index.html").write_text(PAGE)
    (made / "css" / "main.css").write_text("p { color: green }")
    return made


def test_rev_writes_the_renamed_site_without_any_stage(cli: Cli, folder: Path) -> None:
    done = cli("site", "rev", folder, "out", "--json")
    assert done.status == 0
    assert (done.document["files"], done.document["unresolved"]) == (2, [])
    name = done.document["renamed"]["css/main.css"]
    assert Path("out", name).read_text() == "p { color: green }"
    assert f'href="{name}"' in Path("out/index.html").read_text()


def test_rev_writes_nothing_when_an_asset_is_missing(cli: Cli, folder: Path) -> None:
    (folder / "css" / "main.css").unlink()
    done = cli("site", "rev", folder, "out")
    assert (done.status, Path("out").exists()) == (1, False)
    assert "index.html:1: css/main.css" in done.out
    assert cli("site", "rev", folder, "out", "--allow-missing", "css/**").status == 0


def test_rev_keeps_what_it_is_told_to_and_tries_without_writing(cli: Cli, folder: Path) -> None:
    assert cli("site", "rev", folder, "out", "--keep", "css/**", "--json").document["renamed"] == {}
    assert "nothing written" in cli("site", "rev", folder, "other", "--dry-run").out
    assert not Path("other").exists()


def test_a_folder_called_like_a_site_needs_no_name_and_others_do(
    cli: Cli, stores: Sites, folder: Path
) -> None:
    assert cli("site", "plan", folder, "--json").document["site"] == "blog"
    done = cli("site", "releases")
    assert (done.status, "say --site NAME; there are: blog, shop" in done.err) == (2, True)
    done = cli("site", "plan", folder, "--site", "none")
    assert (done.status, "there is no site none" in done.err) == (2, True)


def test_publish_says_what_is_new_and_the_same_folder_changes_nothing(
    cli: Cli, stores: Sites, folder: Path
) -> None:
    first = cli("site", "publish", folder)
    assert first.status == 0
    assert "2 new, 0 changed" in first.out
    assert "https://blog.example.com" in first.out
    assert "nothing changed" in cli("site", "publish", folder).out
    (folder / "css" / "main.css").write_text("p { color: blue }")
    told = cli("site", "publish", folder, "--json").document
    assert [each["path"] for each in told["plan"]["changed"]] == ["css/main.css", "index.html"]
    assert told["confirmed"] is True


def test_a_dry_run_shows_the_plan_and_stores_nothing(cli: Cli, stores: Sites, folder: Path) -> None:
    done = cli("site", "publish", folder, "--dry-run")
    assert "+ index.html" in done.out
    assert stores.sites["blog"].bucket.versions == {}
    assert "+ index.html" in cli("site", "plan", folder).out


def test_an_edge_that_does_not_answer_has_an_exit_status_of_its_own(
    cli: Cli, stores: Sites, folder: Path
) -> None:
    stores.sites["blog"].hears = False
    done = cli("site", "publish", folder)
    assert done.status == 3
    assert "not confirmed" in done.out
    stores.sites["blog"].hears = True
    assert cli("site", "publish", folder).status == 0


def test_a_preview_is_not_live_until_somebody_rolls_to_it(cli: Cli, stores: Sites, folder: Path) -> None:
    cli("site", "publish", folder)
    (folder / "index.html").write_text(PAGE + " again")
    made = cli("site", "publish", folder, "--preview", "--json").document["release"]
    listed = cli("site", "releases", "--site", "blog", "--json").document["releases"]
    assert [(each["id"] == made, each["live"]) for each in listed] == [(True, False), (False, True)]
    assert listed[0]["preview"] == f"https://blog.example.com/_release/{made}"
    assert f"release {made} is live again" in cli("site", "rollback", made, "--site", "blog").out
    listed = cli("site", "releases", "--site", "blog", "--json").document["releases"]
    assert [each["live"] for each in listed] == [True, False]


def test_a_release_that_is_not_there_cannot_be_rolled_back_to(cli: Cli, stores: Sites, folder: Path) -> None:
    cli("site", "publish", folder)
    for dry in ([], ["--dry-run"]):
        done = cli("site", "rollback", "20200101-000000-none", "--site", "blog", *dry)
        assert (done.status, "20200101-000000-none" in done.err) == (1, True)


def test_verify_finds_what_the_bucket_lost(cli: Cli, stores: Sites, folder: Path) -> None:
    cli("site", "publish", folder)
    assert cli("site", "verify", "--site", "blog").status == 0
    bucket = stores.sites["blog"].bucket
    del bucket.versions[next(key for key in bucket.versions if key.startswith("assets/"))]
    done = cli("site", "verify", "--site", "blog")
    assert (done.status, "missing assets/css/main." in done.out) == (1, True)
    assert cli("site", "publish", folder, "--repair").status == 0
    assert cli("site", "verify", "--site", "blog").status == 0


def test_push_sends_a_zip_and_shows_how_the_pipeline_ended(cli: Cli, stores: Sites, folder: Path) -> None:
    done = cli("site", "push", folder)
    assert (done.status, "live" in done.out) == (0, True)
    (zipped,) = stores.pipeline.pushed
    assert zipfile.ZipFile(io.BytesIO(zipped)).namelist() == ["css/main.css", "index.html"]


def test_push_fails_with_the_pipelines_own_words(cli: Cli, stores: Sites, folder: Path) -> None:
    stores.pipeline.status = "Failed"
    stores.pipeline.steps.append(Step("Publish", "Failed", "2 assets are missing"))
    done = cli("site", "push", folder)
    assert (done.status, "the pipeline failed: 2 assets are missing" in done.out) == (1, True)


def test_push_may_only_try_or_not_wait(cli: Cli, stores: Sites, folder: Path) -> None:
    assert "s3://uploads/blog.zip" in cli("site", "push", folder, "--dry-run").out
    assert stores.pipeline.pushed == []
    told = cli("site", "push", folder, "--no-wait", "--json").document
    assert (told["state"], told["version"]) == ("unknown", "v1")


def test_times_of_files_mean_nothing_and_their_bytes_everything(
    cli: Cli, stores: Sites, folder: Path
) -> None:
    cli("site", "publish", folder)
    for path in folder.rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    assert cli("site", "plan", folder, "--json").document["same"] is True
    style = folder / "css" / "main.css"
    style.write_text(style.read_text().replace("green", "black"))
    os.utime(style, (1, 1))
    told = cli("site", "plan", folder, "--json").document["plan"]
    assert [each["path"] for each in told["changed"]] == ["css/main.css", "index.html"]


def test_a_change_of_headers_only_is_told_as_that(cli: Cli, stores: Sites, folder: Path) -> None:
    cli("site", "publish", folder)
    stores.rules = SiteRules(cache_control=(("*.css", "max-age=60"),))
    told = cli("site", "publish", folder, "--json").document
    assert [each["path"] for each in told["plan"]["header_only"]] == ["css/main.css"]
    assert told["plan"]["uploads"] == []
    assert told["invalidation"]
