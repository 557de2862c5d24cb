"""A restored folder is whole, plain, safe, and can be continued after any cut."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.adapters.memory import MemoryArchive
from everyday.errors import ArchiveUnavailable
from everyday.photos.plain_folder import folder_name
from everyday.photos.ports import Body
from everyday.photos.restore import restore
from tests.builders import NOW, TAKEN, a_medium, an_item
from tests.unit.photos.filled import fill, replaced

MORNING = "2024/2024-05-01 Morning light (17900000000000001)"
FILES = {"1.jpg": b"a picture", "2.mp4": b"a film", "2.thumbnail.jpg": b"its preview"}


@pytest.fixture
def archive() -> MemoryArchive:
    made = MemoryArchive()
    fill(made, files=FILES)
    fill(made, a_medium("2", taken_at=datetime(2019, 12, 31, 23, 59, tzinfo=UTC), caption=""), gone_at=NOW)
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


def written(target: Path) -> set[str]:
    return {it.relative_to(target).as_posix() for it in target.rglob("*") if it.is_file()}


def test_a_person_finds_originals_captions_and_an_index(archive: MemoryArchive, target: Path) -> None:
    report = restore(archive, target)
    assert written(target) == {
        *(f"{MORNING}/{name}" for name in (*FILES, "caption.txt")),
        "2019/2019-12-31 (2)/1.jpg",
        "index.html",
        "index.json",
    }
    assert {name: (target / MORNING / name).read_bytes() for name in FILES} == FILES
    assert (target / MORNING / "caption.txt").read_text() == "Morning light\n#sunrise\n"
    assert (report.media, report.files, report.kept, report.size, report.failed) == (2, 4, 0, 35, ())


def test_files_carry_the_time_they_were_taken(archive: MemoryArchive, target: Path) -> None:
    restore(archive, target)
    assert (target / MORNING / "1.jpg").stat().st_mtime == TAKEN.timestamp()


def test_a_second_run_keeps_what_is_right(archive: MemoryArchive, target: Path) -> None:
    restore(archive, target)
    again = restore(archive, target)
    assert (again.files, again.kept, again.size, again.failed) == (0, 4, 0, ())
    (target / MORNING / "2.mp4").unlink()
    assert (restore(archive, target).files, (target / MORNING / "2.mp4").read_bytes()) == (1, b"a film")


@pytest.mark.parametrize("mine", [b"b picture", b"shorter", b""])
def test_a_file_that_somebody_changed_is_told_and_never_overwritten(
    archive: MemoryArchive, target: Path, mine: bytes
) -> None:
    restore(archive, target)
    (target / MORNING / "1.jpg").write_bytes(mine)
    report = restore(archive, target)
    assert [it.key for it in report.failed] == [f"{MORNING}/1.jpg"]
    assert (target / MORNING / "1.jpg").read_bytes() == mine


def test_an_edited_caption_does_not_make_a_second_folder(archive: MemoryArchive, target: Path) -> None:
    restore(archive, target)
    edited = MemoryArchive()
    fill(edited, a_medium(caption="Evening"), files=FILES)
    assert restore(edited, target).folders == (MORNING,)
    assert (target / MORNING / "caption.txt").read_text() == "Evening\n"


def test_a_description_without_pictures_of_its_own_makes_no_folder(
    archive: MemoryArchive, target: Path
) -> None:
    fill(archive, a_medium("export-0a", caption="Morning light"), files={}, same_as="17900000000000001")
    report = restore(archive, target)
    assert (report.media, len(report.folders), report.failed) == (2, 2, ())


def test_corrupt_bytes_never_reach_the_folder(archive: MemoryArchive, target: Path) -> None:
    replaced(archive, "instagram/17900000000000001/1.jpg", b"a qicture")
    report = restore(archive, target)
    assert [it.key for it in report.failed] == [f"{MORNING}/1.jpg"]
    assert (report.files, f"{MORNING}/1.jpg" in written(target)) == (3, False)


def test_one_unreadable_medium_does_not_stop_the_others(archive: MemoryArchive, target: Path) -> None:
    replaced(archive, "instagram/2/media.json", b"{")
    report = restore(archive, target)
    assert [it.key for it in report.failed] == ["instagram/2/media.json"]
    assert report.files == 3


def test_a_cut_run_leaves_no_half_file_and_is_continued(target: Path) -> None:
    class Cut(MemoryArchive):
        @contextmanager
        def _cut(self, key: str) -> Iterator[Body]:
            def chunks() -> Iterator[bytes]:
                yield b"a "
                raise ArchiveUnavailable("reading: ReadTimeoutError")

            yield Body(chunks(), "image/jpeg", 9)

        def open(self, key: str) -> AbstractContextManager[Body]:
            return self._cut(key) if key.endswith("1.jpg") else super().open(key)

    archive = Cut()
    fill(archive, files=FILES)
    report = restore(archive, target)
    assert [it.key for it in report.failed] == [f"{MORNING}/1.jpg"]
    assert {Path(it).name for it in written(target)} == {
        *FILES,
        "caption.txt",
        "index.html",
        "index.json",
    } - {"1.jpg"}
    whole = MemoryArchive()
    fill(whole, files=FILES)
    assert (restore(whole, target).files, restore(whole, target).failed) == (1, ())


def test_a_dry_run_says_the_same_and_writes_nothing(archive: MemoryArchive, target: Path) -> None:
    plan = restore(archive, target, dry_run=True)
    assert not target.exists()
    assert plan == restore(archive, target)
    assert restore(archive, target, dry_run=True).kept == 4


def test_the_index_for_programs_is_newest_first_and_complete(archive: MemoryArchive, target: Path) -> None:
    restore(archive, target)
    media = json.loads((target / "index.json").read_text())["media"]
    assert [it["id"] for it in media] == ["17900000000000001", "2"]
    assert media[0]["folder"] == MORNING
    assert media[0]["caption"] == "Morning light\n#sunrise"
    assert [it["name"] for it in media[0]["files"]] == list(FILES)
    assert media[1]["gone_at"] == "2026-05-01T12:00:00Z"


class Page(HTMLParser):
    """The elements, addresses and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_address_of_the_index_is_a_file_beside_it(archive: MemoryArchive, target: Path) -> None:
    fill(
        archive,
        a_medium("3", caption='50 % of #1 & "more"?'),
        files={"1.heic": b"h", "1.thumbnail.jpg": b"t"},
    )
    restore(archive, target)
    addresses = [
        value for name, value in Page(target / "index.html").attributes if name in {"src", "href", "poster"}
    ]
    files = [it for it in addresses if it and not it.startswith("https://www.instagram.com/")]
    assert len(files) == 7
    assert all((target / unquote(it)).is_file() for it in files)


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)> &amp; {count} \u202egpj.exe'


def test_captions_and_texts_are_text_in_the_index(target: Path) -> None:
    archive = MemoryArchive()
    fill(
        archive,
        a_medium(caption=HOSTILE, permalink="javascript:alert(1)", items=(an_item(alt_text=HOSTILE),)),
    )
    restore(archive, target)
    page = Page(target / "index.html")
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for _, value in page.attributes if value and value.startswith("javascript")]
    assert '<script>alert(1)</script>"><img src=x onerror=alert(1)> &amp; {count} gpj.exe' in page.text


@pytest.mark.parametrize(
    ("caption", "title"),
    [
        ("Morning light\n#sunrise", "Morning light"),
        ("", ""),
        ("\n \nsecond", "second"),
        ("../../etc/passwd", "etc passwd"),
        ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j"),
        ("CON", "CON"),
        ("nul\0byte\x07", "nulbyte"),
        ("\u202egpj.exe", "gpj.exe"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\U0001f469"),
        ("Paris (2019)", "Paris (2019)"),
        ("ends with dots...", "ends with dots"),
        ("Zoe\u0308", "Zo\u00eb"),
    ],
)
def test_a_folders_name_says_what_it_holds(caption: str, title: str) -> None:
    name = folder_name(a_medium("17", caption=caption))
    assert name == " ".join(filter(None, ["2024/2024-05-01", title, "(17)"]))


@given(st.text())
def test_a_folders_name_is_one_every_file_system_takes(caption: str) -> None:
    year, name = folder_name(a_medium(caption=caption)).split("/")
    assert year == "2024"
    assert len(name.encode()) <= 255
    assert not set(name) & set('<>:"\\|?*')
    assert name.isprintable()
    assert name.endswith("(17900000000000001)")


@given(st.text(max_size=50))
def test_a_folder_is_found_again_by_its_id(caption: str) -> None:
    # What _known_folders relies on: the last "(" of the name begins the id.
    name = folder_name(a_medium("17", caption=caption))
    assert name[name.rfind("(") :] == "(17)"


def test_a_folder_that_cannot_be_written_is_told(archive: MemoryArchive, target: Path) -> None:
    target.mkdir()
    (target / "2024").write_text("in the way")
    report = restore(archive, target)
    assert {it.key for it in report.failed} == {f"{MORNING}/{name}" for name in (*FILES, "caption.txt")}
    assert report.files == 1
