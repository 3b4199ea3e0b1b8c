"""The measure itself, on a folder made here: what it counts, and what it calls explained."""

import json
from pathlib import Path

import pytest

from consumer.model import Reason
from tests import accuracy
from tests.inspection.files import BENIGN, OFFICE, TYPES_BY_EXTENSION, doc, ooxml, pdf, png, program, relationships
from tests.inspection.test_ole import BLANK_LINE, EMPTY, LINE, compiled, project
from tests.inspection.test_ooxml import field
from tests.witnesses import witness

TEMPLATE = '<Relationship Id="r" Type="{}/attachedTemplate" Target="{}" TargetMode="External"/>'
TEMPLATE_FROM_AFAR = relationships(TEMPLATE.format(OFFICE, "http://a.example/t.dotm"))
TEMPLATE_AT_HOME = relationships(TEMPLATE.format(OFFICE, "file:///C:\\Templates\\t.dotm"))


def corpus(folder: Path, files: dict[str, tuple[bytes, str]]) -> Path:
    (folder / "files").mkdir()
    rows = []
    for name, (data, kind) in files.items():
        (folder / "files" / name).write_bytes(data)
        extension = name.rpartition(".")[2]
        row = {"file": name, "extension": extension, "expected": TYPES_BY_EXTENSION[extension], "kind": kind}
        rows.append(json.dumps(row))
    (folder / "labels.jsonl").write_text("\n".join(rows))
    return folder


def test_it_counts_both_kinds_of_mistake_and_lists_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"good.{extension}": (data, "benign") for extension, data in BENIGN.items()}
    files["macros.docx"] = (ooxml("docm"), "benign")
    files["fine.png"] = (png(), "hostile_or_broken")
    files["bad.docx"] = (ooxml("dotx"), "hostile_or_broken")
    code = accuracy.main([str(corpus(tmp_path, files)), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    totals = {row["name"]: row for row in told["false_rejects"]}
    assert (totals["all"]["files"], totals["all"]["wrong"], totals["all"]["explained"]) == (9, 0, 1)
    (explained,) = (file for file in told["files"] if file["explained"])
    assert (explained["file"], explained["explained"]) == ("macros.docx", "a content type that enables macros")
    accepted = {row["name"]: row["wrong"] for row in told["hostile_accepted"]}
    assert accepted == {"hostile_or_broken docx": 0, "hostile_or_broken png": 1, "all": 1}


def test_files_are_counted_by_the_set_that_they_come_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"one--a.png": (png(), "benign"), "one--b.docx": (ooxml("dotx"), "benign"), "c.pdf": (pdf(), "benign")}
    accuracy.main([str(corpus(tmp_path, files)), "--json"])
    sets = json.loads(capsys.readouterr().out)["false_rejects_by_set"]
    assert [(row["name"], row["files"], row["wrong"] + row["explained"]) for row in sets] == [
        ("of no name", 1, 0),
        ("one", 2, 1),
        ("all", 3, 1),
    ]


def test_what_libmagic_alone_gets_wrong_stands_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_of_commas = b"Hello, world\n" * 12
    accuracy.main([str(corpus(tmp_path, {"list.txt": (list_of_commas, "benign")})), "--json"])
    (text, _) = json.loads(capsys.readouterr().out)["false_rejects"]
    assert (text["wrong"], text["libmagic"]) == (0, 1)


@pytest.mark.parametrize(
    ("reason", "data", "seen"),
    [
        (Reason.MACROS, project(EMPTY + b"Sub AutoOpen()\r\nShell 1\r\nEnd Sub\r\n"), True),
        (Reason.MACROS, project(EMPTY, compiled(LINE)), True),
        (Reason.MACROS, project(EMPTY), False),
        (Reason.MACROS, project(EMPTY, compiled(BLANK_LINE)), False),
        (Reason.MACROS, doc(storages={"Macros": {"_VBA_PROJECT": b"x"}}), False),
        (Reason.MACROS, ooxml("docx", {"word/x.dat": project(EMPTY + b"Sub AutoOpen()\r\nEnd Sub\r\n")}), True),
        (Reason.MACROS, ooxml("docx", {"word/vbaProject.bin": b"x"}), False),
        (Reason.MACROS, ooxml("docm"), True),
        (Reason.MACROS, doc(), False),
        (Reason.MACROS, ooxml("docx"), False),
        (Reason.TEMPLATE, ooxml("dotx"), True),
        (Reason.TEMPLATE, ooxml("docx"), False),
        (Reason.ENCRYPTED, doc(flags=0x0100), True),
        (Reason.ENCRYPTED, doc(), False),
        (Reason.ENCRYPTED, pdf(trailer=b"/Encrypt 5 0 R"), True),
        (Reason.ENCRYPTED, pdf(b"9 0 obj\n(the name /Encrypt)\nendobj\n"), False),
        (Reason.ENCRYPTED, pdf(), False),
        (Reason.EMBEDDED_EXECUTABLE, ooxml("docx", {"word/embeddings/a.bin": program()}), True),
        (Reason.EMBEDDED_EXECUTABLE, ooxml("docx"), False),
        (Reason.EXTERNAL_REFERENCE, ooxml("docx", {"word/_rels/settings.xml.rels": TEMPLATE_FROM_AFAR}), True),
        (Reason.EXTERNAL_REFERENCE, ooxml("docx", {"word/_rels/settings.xml.rels": TEMPLATE_AT_HOME}), False),
        (Reason.EXTERNAL_REFERENCE, ooxml("docx", {"word/header1.xml": field("D", "DEAUTO", " cmd x")}), True),
        (Reason.EXTERNAL_REFERENCE, ooxml("docx", {"word/header1.xml": field("PAGE")}), False),
        (Reason.EXTERNAL_REFERENCE, ooxml("xlsx", {"xl/a.xml": '<ddeLink ddeService="cmd"/>'}), True),
        (Reason.EXTERNAL_REFERENCE, ooxml("docx"), False),
        (Reason.SECOND_FORMAT, png() + ooxml("docx"), False),
        (Reason.MALFORMED, png()[:20], False),
    ],
)
def test_a_witness_names_what_is_in_the_file_and_nothing_else(reason: Reason, data: bytes, seen: bool) -> None:
    assert (witness(data, reason, "a/b", "a/c", "a/d") is not None) == seen


@pytest.mark.parametrize(("libmagic", "explained"), [("application/rtf", True), ("application/msword", False)])
def test_another_type_is_explained_when_libmagic_sees_it_as_well(libmagic: str, explained: bool) -> None:
    told = witness(b"", Reason.CONTENT_NOT_ALLOWED, "application/rtf", "application/msword", libmagic)
    assert (told is not None) == explained


def test_what_libmagic_does_not_know_explains_nothing() -> None:
    unknown = "application/octet-stream"
    assert witness(b"", Reason.CONTENT_NOT_ALLOWED, unknown, "text/plain", unknown) is None


def test_more_than_one_reject_that_nothing_explains_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = png()[:20]
    folder = corpus(tmp_path, {"a.png": (broken, "benign"), "b.png": (broken, "benign")})
    assert accuracy.main([str(folder)]) == 1
    assert "a.png: malformed: it begins like its type and is not built like it" in capsys.readouterr().out


def test_a_folder_without_labels_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy.main([str(tmp_path)]) == 2
    assert "labels.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_intervals_are_wilsons(count: int, total: int, low: float, high: float) -> None:
    assert accuracy.wilson(count, total) == pytest.approx((low, high), abs=1e-4)
