"""A data export into a folder, from beginning to end, through the command line and with no AWS at all."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from everyday.photos.model import Section
from everyday_local.instagram.account import Post
from everyday_local.instagram.export_writer import Layout, write_export
from everyday_local.instagram.sample import sample
from tests.cli.photos_world import Cli, tree

NO_AWS = """
import sys
from everyday_cli.main import run

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore"}:
            raise AssertionError(f"{name} was imported")

sys.meta_path.insert(0, Refuse())
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    """A few of the sample: some of each section, the hostile caption, and what has no caption."""
    chosen = [post for post in sample().posts if not any(file.video for file in post.files)]
    plain = [post for post in chosen if post.section is Section.POST]
    hostile = [post for post in plain if "<script>" in (post.caption or "")]
    return [post for post in chosen if post.section is not Section.POST] + hostile + plain[:6]


@pytest.fixture(scope="module")
def exported(posts: list[Post], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export(posts, tmp_path_factory.mktemp("export") / "export.zip")[0]


def test_the_whole_way_of_an_archive_in_a_folder(cli: Cli, exported: Path, tmp_path: Path) -> None:
    archive = tmp_path / "instagram"
    first = cli("photos", "backup", "--export", exported, "--archive", archive, "--json")
    assert (first.status, first.err) == (0, "")
    report = first.document
    assert report["new"] == report["listed"] > 8
    assert sum(sum(states.values()) for states in report["sections"].values()) == report["new"]
    assert set(report["sections"]) == {"post", "story", "archived", "profile"}
    stored = tree(archive / "instagram")

    again = cli("photos", "backup", "--export", exported, "--archive", archive, "--json").document
    assert (again["new"], again["stored_files"], again["unchanged"]) == (0, 0, report["new"])
    assert tree(archive / "instagram") == stored

    whole = cli("photos", "verify", "--archive", archive)
    assert (whole.status, "all as stored" in whole.out) == (0, True)
    victim = next(path for path in sorted((archive / "instagram").rglob("1.jpg")))
    untouched = victim.read_bytes()
    victim.chmod(0o644)
    victim.write_bytes(untouched[:-1] + bytes([untouched[-1] ^ 1]))
    damaged = cli("photos", "verify", "--archive", archive)
    assert damaged.status == 1
    assert f"corrupt instagram/{victim.parent.name}/1.jpg" in damaged.out
    refused = cli("photos", "restore", "out", "--archive", archive)
    assert refused.status == 1
    victim.write_bytes(untouched)

    restored = cli("photos", "restore", "out", "--archive", archive, "--json")
    assert (restored.status, restored.document["media"]) == (0, report["new"])
    originals = {data for name, data in stored.items() if name.endswith(".jpg")}
    assert originals <= set(tree(tmp_path / "out").values())

    listed = cli("photos", "list", "--archive", archive, "--limit", "0", "--json").document
    for file in archive.glob("catalog.sqlite*"):
        file.unlink()
    rebuilt = cli("photos", "rebuild", "--archive", archive, "--json").document
    assert rebuilt["written"] == report["new"]
    states = {it["id"]: it["state"] for it in listed}
    found = cli("photos", "list", "--archive", archive, "--limit", "0", "--json").document
    assert {it["id"]: it["state"] for it in found} == states


@pytest.mark.parametrize("layout", Layout)
def test_every_layout_in_parts_gives_the_same_media(
    cli: Cli, posts: list[Post], tmp_path: Path, layout: Layout
) -> None:
    parts = write_export(posts, tmp_path / "part.zip", layouts=[layout], parts=3)
    options = [it for part in parts for it in ("--export", part)]
    done = cli("photos", "backup", *options, "--archive", "instagram", "--json")
    assert (done.status, done.document["waiting"]) == (0, [])
    # The oldest layout has no list of archived posts.
    told = [post for post in posts if layout is not Layout.OLD or post.section is not Section.ARCHIVED]
    assert done.document["stored_files"] == sum(len(post.files) for post in told)


def test_a_missing_part_is_told_and_completed_later(cli: Cli, posts: list[Post], tmp_path: Path) -> None:
    first, second = write_export(posts, tmp_path / "part.zip", parts=2)
    lacking = cli("photos", "backup", "--export", first, "--archive", "instagram")
    assert lacking.status == 0
    assert "Waiting for their files: " in lacking.out
    assert "waiting for files" in lacking.out
    whole = cli("photos", "backup", "--export", first, "--export", second, "--archive", "instagram", "--json")
    assert (whole.status, whole.document["waiting"]) == (0, [])
    assert cli("photos", "verify", "--archive", "instagram").status == 0


def test_a_person_sees_what_an_import_holds_by_section(cli: Cli, exported: Path) -> None:
    told = cli("photos", "backup", "--export", exported, "--archive", "instagram").out
    for line in ("posts: ", "stories: ", "archived posts: ", "profile pictures: "):
        assert f"\n  {line}" in told
    assert "archived, never posted" in told


def test_a_plan_of_an_import_makes_nothing(cli: Cli, exported: Path, tmp_path: Path) -> None:
    arguments = ["photos", "backup", "--export", exported, "--archive", "instagram"]
    planned = cli(*arguments, "--dry-run", "--json").document
    assert list(tmp_path.iterdir()) == []
    done = cli(*arguments, "--json").document
    assert len(planned["new"]) == done["new"]
    before = tree(tmp_path)
    assert cli(*arguments, "--dry-run").status == 0
    assert cli("photos", "restore", "out", "--archive", "instagram", "--dry-run").status == 0
    assert cli("photos", "rebuild", "--archive", "instagram", "--dry-run").status == 0
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", ["text", "empty", "other zip", "broken list", "bare folder"])
def test_what_is_no_export_is_refused_with_advice_and_leaves_nothing(
    cli: Cli, tmp_path: Path, kind: str
) -> None:
    given = tmp_path / "given.zip"
    if kind == "bare folder":
        given.mkdir()
    elif kind in {"text", "empty"}:
        given.write_bytes(b"<html>sign in again</html>" if kind == "text" else b"")
    else:
        with zipfile.ZipFile(given, "w") as archive:
            name = "notes.txt" if kind == "other zip" else "your_instagram_activity/media/posts_1.json"
            archive.writestr(name, b'{"media": [')
    done = cli("photos", "backup", "--export", given, "--archive", "instagram")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("Error: ")
    assert "unexpected" not in done.err
    assert not (tmp_path / "instagram").exists()


def test_an_export_that_climbs_out_of_its_folder_stores_nothing_there(
    cli: Cli, exported: Path, tmp_path: Path
) -> None:
    hostile = tmp_path / "work" / "hostile.zip"
    hostile.parent.mkdir()
    hostile.write_bytes(exported.read_bytes())
    with zipfile.ZipFile(hostile, "a") as archive:
        archive.writestr("../../climbed.jpg", b"x")
        archive.writestr("/climbed.jpg", b"x")
    done = cli("photos", "backup", "--export", hostile, "--archive", tmp_path / "work" / "instagram")
    assert "listed" in done.out
    assert "climbed.jpg" in done.out
    assert not list(tmp_path.rglob("climbed*"))


def test_without_aws_no_aws_library_is_even_imported(exported: Path, tmp_path: Path) -> None:
    def everyday(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", NO_AWS, "photos", *arguments, "--archive", "instagram", "--json"],
            cwd=tmp_path,
            env={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            timeout=120,
        )

    for arguments in (
        ["backup", "--export", str(exported)],
        ["list"],
        ["verify"],
        ["restore", "out"],
        ["rebuild"],
    ):
        done = everyday(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(("{", "["))
