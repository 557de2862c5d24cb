import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.photos.mojibake import mangled, repaired
from everyday.photos.said import parse


@given(st.text())
def test_mangled_text_is_repaired(text: str) -> None:
    assert repaired(mangled(text)) == text


@pytest.mark.parametrize("text", ["café", "Straße", "日本", "🌅", "plain", "", "ÿ"])
def test_text_that_was_never_mangled_is_left_alone(text: str) -> None:
    assert repaired(text) == text


def test_a_quotation_mark_inside_mangled_text_survives_because_repair_follows_parsing() -> None:
    document = json.dumps({"title": mangled('say "é" 🌅')})
    assert "\\u00c3" in document
    assert parse(document, text=repaired) == {"title": 'say "é" 🌅'}
