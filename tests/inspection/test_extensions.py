import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.policy.extensions import extension_type
from consumer.inspection.readers.names import extension_of, visible_name
from consumer.inspection.readers.programs import is_program
from consumer.model import Reason
from tests.inspection.judging import reason
from tests.inspection.published_names import ACROBAT, MACOS, NO_PROGRAMS, OUTLOOK, WINDOWS


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
        ("claim.txt/", "txt"),
        ("evil.bat/", "bat"),
        ("evil.exe::$DATA", "exe"),
        ("photo.ｊｐｇ", "jpg"),
        ("evil%2Ehta", "hta"),
        ("evil.%68t%61", "hta"),
        ("evil.exe%20", "exe"),
        ("evil.exe%2e%2f", "exe"),
        ("evil%3A%3A$x.hta", "hta"),
        ("evil%00.hta", "hta"),
        ("20%2Epdf", "pdf"),
        ("Rechnung%202024.pdf", "pdf"),
        ("20 %.pdf", "pdf"),
        ("20%25%2Ebat", "bat"),
        ("evil.exe\u2024", "exe"),
        ("evil\u2024exe.\u2024", "exe"),
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


@pytest.mark.parametrize("extension", sorted({*OUTLOOK, *WINDOWS, *ACROBAT, *MACOS}))
def test_what_others_refuse_to_open_is_a_program_by_its_name_or_stands_on_the_list_of_what_is_none(
    extension: str,
) -> None:
    name = f"Invoice 12.{extension.upper()}"
    assert extension_of(name) == extension
    assert is_program(b"", name) != any(extension in kind for kind in NO_PROGRAMS.values())


@pytest.mark.parametrize(
    "name", ["a.SettingContent-ms", "a.searchConnector-ms", "a.unheard-of-ms", "a.txt.{3050f4d8-98b5}"]
)
def test_a_program_is_one_however_long_its_extension_is(name: str) -> None:
    assert is_program(b"", name)
    assert reason(b"<a>words</a>", name) is Reason.TYPE_MISMATCH


def test_an_extension_that_nobody_knows_is_no_texts_however_long_it_is() -> None:
    for extension in ("abc", "a_rather_long_extension_of_some_program"):
        assert reason(b"words", f"letter.{extension}") is Reason.TYPE_MISMATCH
