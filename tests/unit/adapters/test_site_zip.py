"""Zips of sites: the same bytes from the same files, and no trap gets through."""

import struct
import zipfile
from pathlib import Path

import pytest

from everyday.adapters import site_zip
from everyday.adapters.site_zip import pack, unpack
from everyday.errors import SiteRefused


def a_zip(path: Path, entries: dict[str, bytes], *, mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path / "site.zip", "w") as made:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.filename = entry.orig_filename = name  # as it is: Python would clean it
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, data)
    return path / "site.zip"


def tree(root: Path) -> dict[str, bytes]:
    return {it.relative_to(root).as_posix(): it.read_bytes() for it in root.rglob("*") if it.is_file()}


def test_what_was_packed_comes_out_again(tmp_path: Path) -> None:
    files = {"index.html": b"<p>", "a b/ü#1%.css": b"a{}", "empty": b"", ".well-known/x": b"1"}
    for name, data in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    size = pack(tmp_path / "in", tmp_path / "site.zip")
    assert size == (tmp_path / "site.zip").stat().st_size
    assert tree(unpack(tmp_path / "site.zip", tmp_path / "out")) == files


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    for number, order in enumerate([("a", "b"), ("b", "a")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in order:
            (folder / name).write_text(name)
            (folder / name).chmod(0o600 if number else 0o755)
        pack(folder, tmp_path / f"{number}.zip")
    assert (tmp_path / "0.zip").read_bytes() == (tmp_path / "1.zip").read_bytes()


def test_a_link_out_of_the_folder_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(SiteRefused, match=r"^link: "):
        pack(tmp_path / "in", tmp_path / "site.zip")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "a/..",
        "/etc/x",
        "//x",
        "C:/x",
        "c:x",
        "a\\..\\x",
        "a/./x",
        "a//x",
        "a\nb",
        "a\x7f",
        "n" * 256,
        "/".join(["n" * 100] * 11),
    ],
)
def test_a_name_that_is_a_trap_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SiteRefused, match="name"):
        unpack(a_zip(tmp_path, {"index.html": b"", name: b"x"}), tmp_path / "out")
    assert tree(tmp_path / "out") == {}


def test_a_zero_byte_does_not_hide_the_rest_of_a_name(tmp_path: Path) -> None:
    path = a_zip(tmp_path, {"index.htmlX../x": b"x"})
    path.write_bytes(path.read_bytes().replace(b"index.htmlX", b"index.html\0"))
    with pytest.raises(SiteRefused, match="control characters"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666, 0o140777])
def test_links_and_devices_are_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SiteRefused, match=r"^index: it is a link or a device"):
        unpack(a_zip(tmp_path, {"index": b"/etc/passwd"}, mode=mode), tmp_path / "out")


def test_names_that_are_there_twice_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z", "w") as made:
        made.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a", b"2")
    with pytest.raises(SiteRefused, match=r"^a: is in the zip twice"):
        unpack(tmp_path / "z", tmp_path / "out")


def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteRefused, match=r"^a: is a file and a folder"):
        unpack(a_zip(tmp_path, {"a": b"1", "a/b": b"2"}), tmp_path / "out")


def test_encrypted_entries_are_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path, {"a": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(SiteRefused, match=r"^a: it is encrypted"):
        unpack(path, tmp_path / "out")


def test_too_many_entries_are_refused_before_one_is_written(tmp_path: Path) -> None:
    path = a_zip(tmp_path, {str(number): b"" for number in range(11)})
    with pytest.raises(SiteRefused, match="has 11 entries; a site may have 10"):
        unpack(path, tmp_path / "out", most_entries=10)
    assert tree(tmp_path / "out") == {}


def test_a_list_of_entries_that_memory_cannot_hold_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_zip, "MOST_DIRECTORY_BYTES", 500)
    path = a_zip(tmp_path, {str(number): b"" for number in range(11)})
    with pytest.raises(SiteRefused, match="list of its entries has 518 bytes, and 500 are read"):
        unpack(path, tmp_path / "out")


def test_what_comes_out_is_counted_not_what_the_zip_says(tmp_path: Path) -> None:
    path = a_zip(tmp_path, {"a": b"x" * 5000})
    data = path.read_bytes().replace(struct.pack("<L", 5000), struct.pack("<L", 10))
    path.write_bytes(data)
    with pytest.raises(SiteRefused):
        unpack(path, tmp_path / "out")
    with pytest.raises(SiteRefused, match=r"^b: the zip has more than 4000 bytes"):
        unpack(a_zip(tmp_path, {"a": b"x" * 3000, "b": b"x" * 3000}), tmp_path / "new", most_bytes=4000)


def test_a_bomb_is_refused_while_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_zip, "RATIO_FREE_BYTES", 2**20)
    path = a_zip(tmp_path, {"a": bytes(8 * 2**20)})
    with pytest.raises(SiteRefused, match=r"^a: .* like a zip bomb"):
        unpack(path, tmp_path / "out")
    assert sum(map(len, tree(tmp_path / "out").values())) < 4 * 2**20


def test_a_site_that_compresses_well_is_no_bomb(tmp_path: Path) -> None:
    root = unpack(a_zip(tmp_path, {"a": bytes(8 * 2**20)}), tmp_path / "out")
    assert (root / "a").stat().st_size == 8 * 2**20


@pytest.mark.parametrize("damage", ["none of a zip", "cut", "content"])
def test_a_damaged_zip_is_refused(tmp_path: Path, damage: str) -> None:
    path = a_zip(tmp_path, {"a": b"some content of a file" * 10})
    data = path.read_bytes()
    broken = {"none of a zip": b"<html>", "cut": data[:-30], "content": data[:35] + b"????" + data[39:]}
    path.write_bytes(broken[damage])
    with pytest.raises(SiteRefused, match="zip"):
        unpack(path, tmp_path / "out")


def test_a_folder_that_was_zipped_with_its_name_is_the_site(tmp_path: Path) -> None:
    path = a_zip(tmp_path, {"dist/index.html": b"1", "dist/a/b": b"2", "__MACOSX/x": b"", ".DS_Store": b""})
    assert tree(unpack(path, tmp_path / "out")) == {"index.html": b"1", "a/b": b"2"}


@pytest.mark.parametrize("names", [["index.html", "a/index.html"], ["a/x.html"], ["a/index.html", "b/x"]])
def test_any_other_folder_is_a_folder_of_the_site(tmp_path: Path, names: list[str]) -> None:
    assert set(tree(unpack(a_zip(tmp_path, dict.fromkeys(names, b"1")), tmp_path / "out"))) == set(names)
