"""What a browser makes of a style sheet that an XML file names: the rule for these, executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.inspection import wide
from tests.inspection.test_openers import SCRIPT, run
from tests.quick import installed

SHEET = (
    b'<?xml version="1.0"?><x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
    b'<x:template match="/"><html><head>' + SCRIPT + b"</head></html></x:template></x:stylesheet>"
)


@contextmanager
def served(files: Mapping[str, bytes], asked: list[str]) -> Iterator[str]:
    """The origin of these files, as XML. `asked` gets the paths that somebody asked for."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            data = files.get(self.path, b"<none/>")
            self.send_response_only(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_browser_runs_no_style_sheet_of_another_origin_and_such_a_file_is_let_in(tmp_path: Path) -> None:
    there: list[str] = []
    here: list[str] = []
    with served({"/a.xsl": SHEET}, there) as elsewhere:
        data = f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="{elsewhere}/a.xsl"?><order/>'.encode()
        with served({"/a.xml": data}, here) as origin:
            page = run(
                installed("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--timeout=10000",
                f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"{origin}/a.xml", folder=tmp_path,
            )  # fmt: skip
    assert "/a.xml" in here
    assert "/a.xsl" not in there
    assert b"acted on it" not in page
    assert wide.reason(data, "a.xml") is None
    assert wide.reason(SHEET, "a.xsl") is not None  # so that none of this origin is let in
