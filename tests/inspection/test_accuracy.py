"""The measure itself, on a folder made here: what it counts, and what it calls explained."""

import json
from pathlib import Path

import pytest

from tests import accuracy
from tests.inspection.files import BENIGN, TYPES_BY_EXTENSION, ooxml, png


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
    assert (totals["all"]["files"], totals["all"]["ours"], totals["all"]["evidence"]) == (9, 1, 1)
    accepted = {row["name"]: row["ours"] for row in told["hostile_accepted"]}
    assert accepted == {"hostile_or_broken docx": 0, "hostile_or_broken png": 1, "all": 1}


def test_more_than_one_reject_without_evidence_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = png()[:20]
    folder = corpus(tmp_path, {"a.png": (broken, "benign"), "b.png": (broken, "benign")})
    assert accuracy.main([str(folder)]) == 1
    assert "rejected a.png: malformed: the PNG has no header" in capsys.readouterr().out


def test_a_folder_without_labels_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy.main([str(tmp_path)]) == 2
    assert "labels.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_intervals_are_wilsons(count: int, total: int, low: float, high: float) -> None:
    assert accuracy.wilson(count, total) == pytest.approx((low, high), abs=1e-4)
