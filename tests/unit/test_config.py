"""everyday.toml: typed, explained, and refused with the key, what was given and what is allowed."""

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import SettingsError
from stacks import config_text
from stacks.config import Config, Everyday, Jobs, Photos, load, parse, tables
from stacks.site_table import Site
from stacks.table import extra, graviton, interval

ROOT = Path(config_text.__file__).parent.parent


SITE: dict[str, Any] = {
    "domain": "blog.example.org",
    "aliases": ("www.example.org", "example.org"),
    "hosted_zone": "Z0123456789ABC",
    "spa": True,
    "pretty_urls": False,
    "rename_html": True,
    "keep": ("downloads/**", "*.pdf"),
    "allow_missing": ("*",),
    "cache_control": {"*.pdf": "max-age=3600", "feed.xml": "no-cache"},
    "keep_releases": 3,
    "keep_days": 7,
    "build": "npm ci && npm run build",
    "build_folder": "out/site",
    "build_image": "public.ecr.aws/docker/library/node:24",
    "content_security_policy": "default-src 'self'; img-src *",
    "price_class": "all",
}


def test_an_empty_file_is_all_defaults() -> None:
    assert parse({}) == Config(everyday=Everyday(), photos=Photos(), jobs=Jobs())


def test_every_setting_can_be_given() -> None:
    given: dict[str, Any] = {
        "everyday": {"region": "ap-southeast-2", "alarm_email": "a@b.io", "monthly_budget_usd": 12},
        "photos": {
            "enabled": False,
            "api": False,
            "blog_url": "https://ghost.example.org:8443/blog/",
            "status": "published",
            "tags": ["daily photo", "日本"],
            "author": "a@b.io",
            "feature_image": False,
            "post_since": date(2019, 12, 31),
            "backup_every": "90 minutes",
            "sweep_every": "1 day",
            "walk_days": 30,
            "max_file_mb": 100,
            "max_video_mb": 50,
            "concurrency": 4,
        },
        "jobs": {
            "enabled": True,
            "clusters": ("batch", "video_2"),
            "instance_types": ("m7i.large",),
            "spot": False,
            "max_instances": 12,
            "families": ("everyday-*", "nightly"),
            "task_roles": ("service/renders",),
            "class_step": "2 hours",
            "policies": ("strict", "reserve", "greedy"),
            "queues": {"nightly": 3, "default": 1},
            "fairness": "30 minutes",
            "starve_after": "2 hours",
            "keep_days": 21,
        },
        "cloudtop": {
            "enabled": True,
            "engine": "auto-scaling",
            "zones": ("ap-southeast-2b",),
            "instance_types": ("m7g.xlarge", "c7g.xlarge"),
            "vcpus": 8,
            "memory_gib": 32,
            "max_price": "0.1",
            "volume_gib": 200,
            "fallback": False,
            "fallback_after": "10 minutes",
            "idle_after": "never",
            "start_at": "07:30",
            "stop_at": "23:00",
            "days": "MON,WED",
            "time_zone": "Asia/Tokyo",
            "monthly_cap_usd": 80,
            "docker": False,
            "packages": ("ripgrep", "g++"),
            "dotfiles": "https://git.example.org/dotfiles",
            "dotfiles_install": "./install.sh",
            "image": "2026-11",
            "connect_endpoint": True,
            "domain": "box.example.org",
            "hosted_zone": "Z0123456789ABCDEFGHIJ",
        },
    }
    config = parse({**given, "site": {"my-blog": SITE}})
    for table, fields in tables().items():
        assert given[table].keys() == fields.model_fields.keys()
    assert SITE.keys() == Site.model_fields.keys()
    assert config.model_dump() == {
        **given,
        "photos": {**given["photos"], "tags": ("daily photo", "日本")},
        "site": {"my-blog": SITE},
    }


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            {"photo": {}},
            "[photo] is not a table of this version; did you mean photos? Known: everyday, photos, jobs",
        ),
        (
            {"zebra": {}},
            "[zebra] is not a table of this version; Known: everyday, photos, jobs, cloudtop, site",
        ),
        (
            {"photos": {"walk_dayz": 3}},
            "photos.walk_dayz is not a setting; did you mean walk_days? Known: enabled,",
        ),
        ({"photos": 3}, "photos must be a table, [photos], got 3 (a whole number)"),
        (
            {"photos": {"walk_days": "3"}},
            'photos.walk_days is "3" (text); allowed: a whole number from 1 to 90',
        ),
        (
            {"photos": {"walk_days": 0}},
            "photos.walk_days is 0 (a whole number); allowed: a whole number from 1 to 90",
        ),
        (
            {"photos": {"walk_days": 7.5}},
            "photos.walk_days is 7.5 (a number); allowed: a whole number from 1 to 90",
        ),
        (
            {"photos": {"walk_days": True}},
            "photos.walk_days is true (true or false); allowed: a whole number",
        ),
        ({"photos": {"enabled": "yes"}}, 'photos.enabled is "yes" (text); allowed: true, false'),
        ({"photos": {"enabled": 1}}, "photos.enabled is 1 (a whole number); allowed: true, false"),
        (
            {"photos": {"status": "scheduled"}},
            'photos.status is "scheduled" (text); allowed: "draft", "published"',
        ),
        ({"photos": {"blog_url": "http://blog.example.org"}}, "allowed: an https:// address"),
        ({"photos": {"blog_url": "https://blog.example.org?x=1"}}, "allowed: an https:// address"),
        ({"photos": {"tags": "daily"}}, 'photos.tags is "daily" (text); allowed: a list of texts'),
        ({"photos": {"tags": ["a", "b,c"]}}, 'photos.tags[1] is "b,c" (text); allowed: a list of texts'),
        ({"photos": {"tags": [" a"]}}, 'photos.tags[0] is " a" (text)'),
        (
            {"photos": {"post_since": "2020-01-01"}},
            'post_since is "2020-01-01" (text); allowed: a date without quotes',
        ),
        ({"photos": {"post_since": datetime(2020, 1, 1, tzinfo=UTC)}}, "allowed: a date without quotes"),
        ({"photos": {"backup_every": "1 minute"}}, "allowed: 5 minutes to 31 days"),
        ({"photos": {"backup_every": "32 days"}}, "allowed: 5 minutes to 31 days"),
        ({"photos": {"backup_every": "rate(1 hour)"}}, "allowed: 5 minutes to 31 days"),
        (
            {"jobs": {"clusters": ["a b"]}},
            'jobs.clusters[0] is "a b" (text); allowed: a list of up to 5 names',
        ),
        ({"jobs": {"clusters": list("abcdef")}}, "allowed: a list of up to 5 names"),
        ({"jobs": {"instance_types": []}}, "allowed: a list of up to 20 instance types"),
        ({"jobs": {"instance_types": ["c6g.large", "c6i.large"]}}, "all with Graviton processors or all"),
        ({"jobs": {"families": ["*"]}}, 'jobs.families[0] is "*" (text); allowed: a list of names'),
        ({"jobs": {"families": []}}, "allowed: a list of names"),
        ({"jobs": {"policies": ["strict", "reserve"]}}, 'allowed: three of "strict", "reserve", "greedy"'),
        ({"jobs": {"policies": ["strict", "lax", "greedy"]}}, 'jobs.policies[1] is "lax" (text)'),
        ({"jobs": {"queues": {"a": 0}}}, "jobs.queues.a is 0 (a whole number); allowed: names with"),
        ({"jobs": {"queues": {"a b": 1}}}, 'jobs.queues.a b is "a b" (text); allowed: names with'),
        ({"jobs": {"task_roles": ["arn:aws:iam::1:role/x"]}}, "allowed: a list of names of IAM roles"),
        ({"site": {"My Blog": {}}}, "[site.My Blog] cannot be; allowed: up to 12 tables [site.NAME]; a NAME"),
        ({"site": {"-a": {}}}, "[site.-a] cannot be"),
        ({"site": {"a" * 33: {}}}, "cannot be; allowed: up to 12 tables"),
        ({"site": 3}, "[site.NAME] tables are wrong together"),
        ({"site": {f"s{number}": {} for number in range(13)}}, "are wrong together; allowed: up to 12"),
        (
            {"site": {"a": {"domain": "x.example.org"}, "b": {"domain": "x.example.org"}}},
            "no host name twice",
        ),
        ({"site": {"blog": 3}}, "site.blog must be a table, [site.blog], got 3 (a whole number)"),
        ({"site": {"blog": {"domian": "x.org"}}}, "site.blog.domian is not a setting; did you mean domain?"),
        ({"site": {"blog": {"domain": "https://x.org"}}}, "allowed: a host name in lower case"),
        ({"site": {"blog": {"aliases": ["x.org"]}}}, "allowed: up to 4 host names, beside a domain"),
        (
            {"site": {"blog": {"hosted_zone": "Z0123456"}}},
            "allowed: the id of a hosted zone, beside a domain",
        ),
        ({"site": {"blog": {"domain": "x.org", "hosted_zone": "x.org"}}}, "allowed: the id of a hosted zone"),
        ({"site": {"blog": {"keep": ["a\nb"]}}}, "site.blog.keep[0] is"),
        ({"site": {"blog": {"cache_control": {"*": "a\nb"}}}}, "site.blog.cache_control.* is"),
        ({"site": {"blog": {"build": "make\nrm -rf /"}}}, "allowed: one line of up to 1000 characters"),
        ({"site": {"blog": {"build_folder": "/etc"}}}, "allowed: a folder, seen from the pushed one"),
        ({"site": {"blog": {"content_security_policy": "a\nb"}}}, "allowed: the header's value, in one line"),
        ({"site": {"blog": {"keep_releases": 0}}}, "allowed: a whole number from 1 to 100"),
        ({"site": {"blog": {"price_class": "50"}}}, 'allowed: "100", "200", "all"'),
        ({"everyday": {"region": "Frankfurt"}}, "allowed: an AWS region, such as eu-central-1"),
        ({"everyday": {"alarm_email": "nobody"}}, "allowed: an e-mail address"),
        ({"everyday": {"monthly_budget_usd": -1}}, "allowed: a whole number from 1 to 10000"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(document: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(document)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("everyday.toml: ")
    assert said in line


@pytest.mark.parametrize(
    ("document", "budget"),
    [
        ({}, 5),
        ({"jobs": {"enabled": True}}, 25),
        ({"everyday": {"monthly_budget_usd": 12}, "jobs": {"enabled": True}}, 12),
    ],
)
def test_the_budget_is_the_owners_or_has_room_for_what_is_on(document: dict[str, Any], budget: int) -> None:
    assert parse(document).budget_usd == budget


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"photos": {"walk_days": 0, "status": "live"}, "everyday": {"colour": "red"}})
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert all(any(key in line for line in lines) for key in ("walk_days", "status", "colour"))


def test_the_value_of_an_unknown_key_is_not_repeated() -> None:
    """Somebody may have pasted a token there."""
    with pytest.raises(SettingsError) as caught:
        parse({"photos": {"token": "IGsecret"}})
    assert "IGsecret" not in str(caught.value)


def test_a_missing_file_names_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="everyday init"):
        load(tmp_path / "everyday.toml")


@pytest.mark.parametrize("content", [b"[photos\n", b"walk_days = ?", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "everyday.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"everyday\.toml is not TOML"):
        load(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(
    sorted({key for table in (*tables().values(), Site) for key in table.model_fields} | {"a", "b-1"})
)


@given(
    st.dictionaries(
        st.sampled_from([*tables(), "site"]) | st.text(max_size=8),
        st.dictionaries(keys | st.text(max_size=8), json_values, max_size=4) | json_values,
        max_size=3,
    )
)
def test_any_document_is_read_or_refused_in_our_own_words(document: dict[str, Any]) -> None:
    try:
        config = parse(document)
    except SettingsError:
        return
    assert parse(tomllib.loads(config_text.as_toml(config))) == config


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("5 minutes", timedelta(minutes=5)),
        ("90 minutes", timedelta(minutes=90)),
        ("1 hour", timedelta(hours=1)),
        ("31 days", timedelta(days=31)),
    ],
)
def test_intervals_are_read(text: str, length: timedelta) -> None:
    assert interval(text) == length


@pytest.mark.parametrize("name", ["t4g.micro", "c7gd.large", "m6g.12xlarge", "im4gn.large", "x2gd.metal"])
def test_graviton_types_are_known_by_their_names(name: str) -> None:
    assert graviton(name)


@pytest.mark.parametrize("name", ["t3.micro", "g5.xlarge", "m7i-flex.large", "c6in.large", "u-6tb1.metal"])
def test_other_types_are_not(name: str) -> None:
    assert not graviton(name)


def test_the_written_file_is_read_back_as_it_was_meant() -> None:
    config = Config(
        everyday=Everyday(alarm_email="a@b.io"),
        photos=Photos(tags=('say "hi"', "\\ # '"), post_since=date(2020, 2, 29), status="published"),
        jobs=Jobs(queues={"a-b": 2, "7": 1}, policies=("strict", "greedy", "reserve")),
        site={
            "a-1": Site(cache_control={'"*"': "no-cache", "img/**": "max-age=1"}),
            "b": Site(build="say '\\'"),
        },
    )
    assert parse(tomllib.loads(config_text.as_toml(config))) == config


def test_the_example_of_a_site_is_one_when_the_comments_are_taken_away() -> None:
    text = config_text.as_toml(Config()).partition("published by pushing a zip.")[2]
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    settings = [line for line in lines if _SETTING.match(line)]
    site = parse(tomllib.loads("\n".join(["[site.blog]", *settings])))
    assert len(settings) == len(Site.model_fields)
    assert site.site["blog"].domain == "blog.example.com"
    assert site.site["blog"].build == "npm ci && npm run build"


def test_without_a_table_there_is_no_site() -> None:
    assert load(ROOT / "everyday.toml").site == {}


_SETTING = re.compile(r"[a-z_]+ = ")


def test_every_setting_explains_itself() -> None:
    for table in (*tables().values(), Site):
        assert table.__doc__
        for key, field in table.model_fields.items():
            assert field.description, key
            assert extra(field, "allowed"), key
            assert field.default is not None or extra(field, "example") is not None, key


def test_examples_are_allowed() -> None:
    for name, table in tables().items():
        for key, field in table.model_fields.items():
            example = extra(field, "example")
            if example is not None:
                assert getattr(getattr(parse({name: {key: example}}), name), key) == example


def test_examples_of_a_site_are_allowed_beside_a_domain() -> None:
    examples = {key: extra(field, "example") for key, field in Site.model_fields.items()}
    given = {key: example for key, example in examples.items() if example is not None}
    assert given.keys() == {"domain", "hosted_zone", "build", "content_security_policy"}
    assert parse({"site": {"blog": given}}).site["blog"] == Site(**given)


def test_the_settings_in_the_project_are_allowed() -> None:
    assert load(ROOT / "everyday.toml")


def test_the_documentation_holds_the_table_of_the_settings() -> None:
    """To bring it up to date: .venv/bin/python -m tools.write_docs"""
    assert config_text.as_markdown() in (ROOT / "docs/configuration.md").read_text()
