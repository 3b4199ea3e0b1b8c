import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.policy.extensions import extension_type
from consumer.inspection.readers.names import extension_of, visible_name


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("claim.pdf", "pdf"),
        ("CLAIM.PDF", "pdf"),
        ("claim.pdf.exe", "exe"),
        ("claim.pdf...  ", "pdf"),
        ("claim.exe .", "exe"),
        ("cod\u202efdp.exe", "exe"),
        ("claim.p\u200bdf", "pdf"),
        ("evil.exe\0.jpg", "exe"),
        ("evil.ex\x07e", "exe"),
        ("C:\\folder.x\\claim", ""),
        ("../../claim.txt", "txt"),
        ("claim.txt/", ""),
        ("evil.exe::$DATA", "exe"),
        ("photo.ｊｐｇ", "jpg"),
        ("notes 12.05.2024", ""),
        ("v1.2", ""),
        ("archive.7z", "7z"),
        ("A sentence. And more words", ""),
        (".bashrc", "bashrc"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_extension_is_what_a_desktop_would_go_by(name: str | None, extension: str) -> None:
    assert extension_of(name) == extension


def test_an_extension_stands_for_a_type_or_for_none() -> None:
    assert extension_type("a.jpeg") == "image/jpeg"
    assert extension_type("a.ps1") == "application/x-powershell"
    assert extension_type("a.unheardof") is None
    assert extension_type("a") is None


@given(st.text())
def test_any_name_has_a_harmless_extension_and_a_visible_rest(name: str) -> None:
    assert extension_of(name).isascii()
    assert not any(c in visible_name(name) for c in "\0\n\r\u202e/\\")
