"""What a browser makes of a style sheet that an XML file names: the rule for these, executed."""

from __future__ import annotations

from pathlib import Path

from tests.inspection import wide
from tests.inspection.served import served
from tests.inspection.test_openers import SCRIPT, run
from tests.quick import installed

SHEET = (
    b'<?xml version="1.0"?><x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
    b'<x:template match="/"><html><head>' + SCRIPT + b"</head></html></x:template></x:stylesheet>"
)


def test_a_browser_runs_no_style_sheet_of_another_origin_and_such_a_file_is_let_in(tmp_path: Path) -> None:
    there: list[str] = []
    here: list[str] = []
    with served({"/a.xsl": SHEET}, "text/xml", there) as elsewhere:
        data = f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="{elsewhere}/a.xsl"?><order/>'.encode()
        with served({"/a.xml": data}, "text/xml", here) as origin:
            page = run(
                installed("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--timeout=10000",
                f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"{origin}/a.xml", folder=tmp_path,
            )  # fmt: skip
    assert "/a.xml" in here
    assert "/a.xsl" not in there
    assert b"acted on it" not in page
    assert wide.reason(data, "a.xml") is None
    assert wide.reason(SHEET, "a.xsl") is not None  # so that none of this origin is let in
