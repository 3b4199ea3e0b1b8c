"""LibreOffice acts on documents that are not let in, and takes nothing that is let in for another document."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import DEVNULL, TimeoutExpired
from threading import Thread

import pytest

from tests.inspection import office_openers, wide
from tests.inspection.office_openers import (
    ACTED,
    IN_DISGUISE,
    RAW,
    accepted,
    asking,
    by_the_name_of_a_text,
    joined,
    with_macro,
)
from tests.inspection.test_openers import HARMLESS
from tests.quick import installed

MACROS_ALLOWED = (
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item '
    'oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse">'
    "<value>0</value></prop></item></oor:items>"
)
LET_IN = accepted(joined() | by_the_name_of_a_text()) | {
    f"{name}, {what}": data for what, (name, data) in HARMLESS.items()
}
FILES = IN_DISGUISE | LET_IN
RUN = "Open &quot;{}&quot; For Output As #1\nPrint #1, &quot;acted&quot;\nClose #1"


def office(folder: Path, *arguments: str, writes: Path | None = None) -> None:
    """A process of LibreOffice of its own, until it ends with what it was told to do, or has written that file."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(MACROS_ALLOWED)
    command = [
        installed("soffice", "libreoffice"),
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--norestore",
        *arguments,
    ]
    with subprocess.Popen(command, cwd=folder, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True) as process:
        try:
            for _ in range(1_000):
                with suppress(TimeoutExpired):
                    process.wait(0.1)
                if process.returncode is not None or (writes and writes.is_file()):
                    break
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Opened:
    shown: Mapping[str, str]  # by file: what it shows, as a page; nothing of what it does not open
    asked: set[str]  # paths

    def took_for_a_document(self, what: str) -> bool:
        page = self.shown.get(what, "")
        words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
        return ACTED in words and not any(mark in page for mark in RAW)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """All files at once: it takes seconds to start."""
    folder, asked = tmp_path_factory.mktemp("office"), set[str]()

    class Refusal(BaseHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            asked.add(self.path)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            paths = {
                what: folder / f"{number}.{what.partition(',')[0].rpartition('.')[2]}"
                for number, what in enumerate(FILES | asking(""))
            }
            for what, data in (FILES | asking(f"http://127.0.0.1:{server.server_port}")).items():
                paths[what].write_bytes(data)
            office(folder, "--convert-to", "html", "--outdir", "shown", *(paths[what].name for what in FILES))
            office(folder, "--convert-to", "pdf", *(paths[what].name for what in asking("")))
        finally:
            server.shutdown()
            thread.join()
    pages = {what: folder / "shown" / f"{path.stem}.html" for what, path in paths.items()}
    return Opened({what: page.read_text("utf-8", "replace") for what, page in pages.items() if page.is_file()}, asked)


def test_it_shows_documents_by_another_name_and_they_are_not_let_in(opened: Opened) -> None:
    for what, data in IN_DISGUISE.items():
        assert opened.took_for_a_document(what), what
        assert wide.reason(data, what.partition(",")[0]) is not None, what


def test_it_asks_for_what_a_document_names_and_that_is_not_let_in(opened: Opened) -> None:
    for name, data in asking("http://127.0.0.1:1").items():
        assert f"/{name}" in opened.asked, name
        assert wide.reason(data, name) is not None, name


def test_it_takes_nothing_that_is_let_in_for_another_document(opened: Opened) -> None:
    assert len(LET_IN) > 20
    assert [what for what in LET_IN if opened.took_for_a_document(what)] == []


def test_it_runs_the_macro_of_a_document_and_that_is_not_let_in(tmp_path: Path) -> None:
    data = with_macro(f"Sub Main\n{RUN.format(tmp_path / 'ran')}\nEnd Sub")
    (tmp_path / "a.odt").write_bytes(data)
    ran = tmp_path / "ran"
    office(tmp_path, "a.odt", writes=ran)
    assert ran.is_file()
    assert wide.reason(data, "a.odt") is not None


def test_without_its_macro_and_its_link_the_same_document_is_let_in() -> None:
    assert wide.reason(office_openers.odt("<text:p>words</text:p>"), "a.odt") is None
