"""How a file is called when its sender is told of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.notify.naming import LONGEST, called


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("invoice 2024.pdf", '"invoice 2024" (PDF)'),
        ("Überweisung_März (1).PDF", '"Überweisung_März (1)" (PDF)'),
        ("写真.jpeg", '"写真" (JPEG)'),
        ("README", '"README"'),
        ("archive.tar.gz", '"archive tar" (GZ)'),
        ("https://pay.example/now.pdf", '"https pay example now" (PDF)'),
        ("www.pay.example", '"www pay"'),
        ("evil.zip", '"evil" (ZIP)'),
        ("two\nlines\u202efdp.exe", '"two lines fdp" (EXE)'),
        ("x" * 500 + ".png", f'"{"x" * (LONGEST - 1)}…" (PNG)'),
        ('a" (PDF): Your account is closed. "b.pdf', '"a (PDF) Your account is closed b" (PDF)'),
        ("", ""),
        ("...", ""),
        (None, ""),
        (".bashrc", ""),
    ],
)
def test_a_name_is_quoted_and_nothing_in_it_can_be_clicked_on(name: str | None, said: str) -> None:
    assert called(name) == said


@given(st.text())
def test_whatever_a_name_holds_it_is_short_and_of_one_line(name: str) -> None:
    said = called(name)
    assert len(said) <= LONGEST + len('"" (12345)')
    assert said.isprintable()
    assert not set(said) & set("./:\\@<>&")
