"""A ribbon that a document brings along: what its controls call."""

from __future__ import annotations

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import MAIN_TYPES, OFFICE, ooxml, relationships

OF_2007 = "http://schemas.microsoft.com/office/2006/01/customui"
ELSEWHERE = "https://a.example/keys/book.xls!123"  # as workbooks named it that were sent in 2021


def ribbon(attributes: str = "", group: str = "", prefix: str = "") -> str:
    return (
        f'<{prefix}customUI xmlns="{OF_2007}" {attributes}><ribbon><tabs><tab id="t"><group id="g" {group}/>'
        f"</tab></tabs></ribbon></{prefix}customUI>"
    )


def with_ribbon(content: str | bytes, kind: str = "xlsx", part: str = "customUI/customUI.xml") -> bytes:
    of_microsoft = "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility"
    root = relationships(
        f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="{MAIN_TYPES[kind][0]}"/>',
        f'<Relationship Id="r2" Type="{of_microsoft}" Target="{part}"/>',
    )
    return ooxml(kind, {"_rels/.rels": root, part: content})


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
def test_a_ribbon_that_loads_a_macro_of_another_file_rejects(kind: str) -> None:
    data = with_ribbon(ribbon(f"onLoad='{ELSEWHERE}'"), kind)
    assert wide.reason(data, f"a.{kind}") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "content",
    [
        ribbon(group=f'getVisible="{ELSEWHERE}"'),
        ribbon(r"loadImage='\\a.example\share\book.xlam!Load'"),
        ribbon(r"onLoad=&quot;".replace("&quot;", "\"'") + r"\\a.example\share\book.xlam'!Load" + '"'),
        ribbon("onLoad='&#104;ttps://a.example/book.xls!1'"),
        ribbon(f"onLoad='{ELSEWHERE}'", prefix="mso:"),
        ribbon(f"onLoad='{ELSEWHERE}'").encode("utf-16"),
        "<!-- <customUI < -->" + ribbon(f"onLoad='{ELSEWHERE}'"),
        "<!--" + " " * 300_000 + "-->" + ribbon(f"onLoad='{ELSEWHERE}'"),
        ribbon(f"label='{'x' * 100_000}' onLoad='{ELSEWHERE}'"),
        ribbon()
        .replace("<ribbon>", f"<!--{' ' * 300_000}--><ribbon>")
        .replace("<group", f'<group onAction="{ELSEWHERE}"'),
    ],
)
def test_it_is_found_however_it_is_written(content: str | bytes) -> None:
    assert wide.reason(with_ribbon(content), "a.xlsx") is not None
    assert wide.reason(with_ribbon(content, part="x.dat"), "a.xlsx") is not None


@pytest.mark.parametrize(
    "content",
    [
        ribbon(
            "onLoad='Ribbon_Load'", 'getVisible="Module1.GetVisible" label="https://a.example" tag="http://a.example"'
        ),
        ribbon(r"onLoad='C:\AddIns\book.xlam!Load'"),
        ribbon("onLoad='book.xlam!Load'"),
        ribbon(r"onLoad='\\server\addins\book.xlam!Load'"),
        "<w>a customUI with onLoad='https://a.example/x' is text</w>",
    ],
)
def test_a_ribbon_that_calls_what_is_here_is_ordinary(content: str) -> None:
    assert wide.reason(with_ribbon(content), "a.xlsx") is None
