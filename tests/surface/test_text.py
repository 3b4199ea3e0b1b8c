"""`printable`: foreign text that can do nothing but be read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.text import printable


@given(st.text(st.characters()), st.integers(0, 300))
def test_nothing_printable_lets_through_can_steer_or_break_or_exceed_its_limit(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\u200b")
    assert shown.encode().decode() == shown


@pytest.mark.parametrize("text", ["Rechnung Müller.pdf", "発注書.docx", "حساب.pdf", "👩‍💻.png", "a\\b.txt"])
def test_ordinary_names_of_any_script_stay_as_they_are(text: str) -> None:
    assert printable(text, 100) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202efdp.exe", "a\\u202efdp.exe"),
        ("a\nb\rc\td\x00", "a\\nb\\rc\\td\\x00"),
        ("\ud83d.png", "\\ud83d.png"),
        ("\u2028", "\\u2028"),
    ],
)
def test_what_could_steer_a_terminal_is_written_as_an_escape(text: str, shown: str) -> None:
    assert printable(text, 100) == shown


def test_a_cut_is_visible_and_never_in_the_middle_of_an_escape() -> None:
    assert printable("x" * 11, 10) == "x" * 9 + "…"
    assert printable("1234\x1b\x1b", 10) == "1234\\x1b…"
