"""A folder as a site, and a revved site in a folder."""

import os
from pathlib import Path

import pytest

from everyday.adapters.site_folder import LONGEST_BYTES, FolderTree
from everyday.errors import SiteRefused
from everyday.site.inputs import digests
from everyday.site.model import RevRules
from everyday.site.rev import rev
from everyday.site.writing import write


def made(root: Path, files: dict[str, str]) -> FolderTree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return FolderTree(root)


def held(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith(".everyday-rev")
    }


def test_all_files_are_told_by_path_with_their_sizes(tmp_path: Path) -> None:
    tree = made(tmp_path, {"b/c.css": "12", "a.html": "1", "B.css": "", "a b#%?.js": "123", "b.x": "1"})
    assert list(tree.files().items()) == [
        ("B.css", 0),
        ("a b#%?.js", 3),
        ("a.html", 1),
        ("b.x", 1),
        ("b/c.css", 2),
    ]
    assert tree.read("a b#%?.js") == b"123"
    assert tree.file("b/c.css").read_text() == "12"


def test_litter_is_not_even_looked_into(tmp_path: Path) -> None:
    tree = made(tmp_path, {".git/a": "", "x/.DS_Store": "", "Thumbs.db": "", ".well-known/a": "", "a": ""})
    (tmp_path / ".git" / "out").symlink_to("/")
    assert list(tree.files()) == [".well-known/a", "a"]


def test_a_link_to_a_file_of_the_folder_is_that_file(tmp_path: Path) -> None:
    tree = made(tmp_path, {"a.txt": "12"})
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert tree.files() == {"a.txt": 2, "b.txt": 2}
    assert tree.read("b.txt") == b"12"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/etc/passwd", "leads out"),
        ("../out.txt", "leads out"),
        ("gone", "nowhere"),
        ("folder", "to a folder"),
    ],
)
def test_a_link_to_anything_else_is_refused_by_name(tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "out.txt").write_text("secret")
    tree = made(tmp_path / "site", {"folder/a": ""})
    (tmp_path / "site" / "x.txt").symlink_to(target)
    with pytest.raises(SiteRefused, match=rf"x\.txt is a link .*{reason}"):
        tree.files()


def test_a_folder_whose_own_path_has_a_link_is_fine(tmp_path: Path) -> None:
    made(tmp_path / "real", {"a.txt": "1", "b/c.txt": "2"})
    (tmp_path / "real" / "b" / "d.txt").symlink_to("../a.txt")
    (tmp_path / "link").symlink_to("real")
    assert list(FolderTree(tmp_path / "link").files()) == ["a.txt", "b/c.txt", "b/d.txt"]


@pytest.mark.parametrize("name", [b"a\nb.txt", b"a\x7f.txt", b"\xff.txt"])
def test_names_that_no_address_has_are_refused(tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    with pytest.raises(SiteRefused, match=r"txt.*rename it"):
        FolderTree(tmp_path).files()


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SiteRefused, match="pipe is no file"):
        FolderTree(tmp_path).files()


def test_paths_are_as_long_as_the_bucket_can_name_them(tmp_path: Path) -> None:
    folder = "/".join(["f" * 99] * 9)
    longest = f"{folder}/{'x' * (LONGEST_BYTES - len(folder) - 1)}"
    assert list(made(tmp_path, {longest: ""}).files()) == [longest]
    (tmp_path / f"{longest}y").touch()
    with pytest.raises(SiteRefused, match="1001 bytes"):
        FolderTree(tmp_path).files()


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteRefused, match="is no folder"):
        FolderTree(tmp_path / "none").files()


def test_a_large_file_is_hashed_and_copied_without_being_held(tmp_path: Path) -> None:
    tree = made(tmp_path / "site", {"film.mp4": "x" * (2**22 + 1), "small.mp4": "x"})
    assert digests(tree)["film.mp4"] != digests(tree)["small.mp4"]
    revision = rev(tree, RevRules(), workers=1)
    write(tree, revision, tmp_path / "out")
    assert sorted(map(len, held(tmp_path / "out").values())) == [1, 2**22 + 1]


SITE = {"index.html": '<img src="a b.png">', "a b.png": "1", "css/x.css": "a{}"}


def test_a_revved_site_is_written_whole(tmp_path: Path) -> None:
    tree = made(tmp_path / "site", SITE)
    revision = rev(tree, RevRules(), workers=1)
    write(tree, revision, tmp_path / "out")
    assert held(tmp_path / "out").keys() == {output.path for output in revision.outputs}
    name = next(output.path for output in revision.outputs if output.source == "a b.png")
    assert held(tmp_path / "out")["index.html"].decode() == f'<img src="{name}">'


def test_writing_again_removes_what_is_no_more_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    tree = made(tmp_path / "site", SITE)
    write(tree, rev(tree, RevRules(), workers=1), out)
    (out / "mine.txt").write_text("mine")
    (tmp_path / "site" / "a b.png").write_text("2")
    tree = FolderTree(tmp_path / "site")
    revision = rev(tree, RevRules(), workers=1)
    write(tree, revision, out)
    assert held(out).keys() == {"mine.txt", *(output.path for output in revision.outputs)}


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    tree = made(tmp_path / "site", SITE)
    made(tmp_path / "out", {"precious.txt": "1"})
    with pytest.raises(SiteRefused, match="is not empty"):
        write(tree, rev(tree, RevRules(), workers=1), tmp_path / "out")
    assert held(tmp_path / "out") == {"precious.txt": b"1"}


def test_what_a_killed_run_left_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = made(tmp_path / "site", SITE)
    revision, out = rev(tree, RevRules(), workers=1), tmp_path / "out"
    whole = Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda old, new: _killed(whole, old, new))
        with pytest.raises(KeyboardInterrupt):
            write(tree, revision, out)
    write(tree, revision, out)
    assert held(out).keys() == {output.path for output in revision.outputs}
    assert [path.name for path in out.glob(".every*")] == [".everyday-rev"]


def _killed(whole: object, old: Path, new: Path) -> Path:
    if new.name == "index.html":
        raise KeyboardInterrupt
    return whole(old, new)  # type: ignore[operator]


def test_a_full_disk_is_said_by_the_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = made(tmp_path / "site", SITE)

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SiteRefused, match=r"cannot be written: No space left"):
        write(tree, rev(tree, RevRules(), workers=1), tmp_path / "out")
