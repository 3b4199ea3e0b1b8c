import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from consumer.inspection.mime import UNKNOWN_TYPE
from consumer.inspection.policy.extensions import extension_type
from consumer.inspection.policy.file import PolicyFile
from consumer.inspection.policy.model import CERTAIN, DEFAULTS, Action
from consumer.inspection.policy.policy import SHIPPED, TYPE_ONLY, Policy
from consumer.inspection.readers.seen import Limits
from consumer.model import Condition, Facts, Finding, MediaStatus, Reason, Rejected
from consumer.service.conditions import Conditions
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter
from tests.inspection.files import SHEET, WORD, attachment
from tests.reports import Recorder

MIB = 1024 * 1024
MINIMAL = 'version = "1"\n[types]\n"text/plain" = "1 MiB"\n'
EIGHT = {"image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain", "application/msword", WORD, SHEET}


@pytest.fixture
def policy() -> Policy:
    return Policy.load()


def test_the_shipped_policy_allows_eight_types_of_ten_mebibytes(policy: Policy) -> None:
    assert {kind: allowed.size for kind, allowed in policy.types.items()} == dict.fromkeys(EIGHT, 10 * MIB)
    assert policy.warnings == ()


def test_the_shipped_policy_has_a_sentence_for_every_reason_in_english_and_german(policy: Policy) -> None:
    assert set(policy.sentences) == policy.languages == {"en", "de"}
    assert all(sentences.keys() == set(Reason) for sentences in policy.sentences.values())


def test_the_default_language_is_the_one_of_verdicts() -> None:
    german = _load(SHIPPED.read_text().replace('language = "en"', 'language = "de"'))
    assert german.reject(Reason.EMPTY).detail == "Die Datei ist leer."
    assert german.sentence(Reason.EMPTY, "en") == "The file is empty."


def test_a_missing_sentence_falls_back() -> None:
    """The file's in that language, the shipped one in it, the policy's own language, English."""
    shipped = Policy.load()
    own = _load(
        f'language = "pl"\n{MINIMAL}'
        '[sentences.pl]\nempty = "Plik jest pusty."\nmacros = "Makra."\n'
        '[sentences.de]\nempty = "Leer!"\n'
    )
    assert own.sentence(Reason.EMPTY, "de") == "Leer!"
    assert own.sentence(Reason.MACROS, "de") == shipped.sentence(Reason.MACROS, "de")
    assert own.sentence(Reason.MACROS, "fr") == own.sentence(Reason.MACROS) == "Makra."
    assert own.sentence(Reason.SCRIPT, "pl") == own.sentence(Reason.SCRIPT, "fr") == shipped.sentence(Reason.SCRIPT)


def test_a_file_without_any_sentence_speaks_for_every_reason() -> None:
    bare = _load(MINIMAL)
    for reason in Reason:
        assert bare.reject(reason).detail == Policy.load().sentence(reason, "en")


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"removed": True}, Reason.REMOVED),
        ({"status": MediaStatus.INVALID}, Reason.UPLOAD_FAILED),
        ({"declared_type": "image/png", "declared_size": 10 * MIB + 1}, Reason.TOO_LARGE),
        ({"declared_size": 10 * MIB + 1}, Reason.TOO_LARGE),
        ({"declared_type": "video/mp4"}, Reason.TYPE_NOT_ALLOWED),
        ({"declared_type": "image/png", "declared_size": 10 * MIB}, None),
        ({"declared_type": None}, None),
        ({"declared_type": "application/octet-stream"}, None),
        ({"declared_type": "binary/octet-stream"}, None),
        ({"declared_type": "application/force-download"}, None),
        ({"declared_type": "image/*"}, None),
        ({"declared_type": "*/*"}, None),
        ({"declared_type": "video/mp4", "removed": True}, Reason.REMOVED),
    ],
)
def test_the_declaration_alone_decides_before_the_download(
    policy: Policy, declared: dict[str, object], reason: Reason | None
) -> None:
    assert policy.before_download(attachment(**declared)) is reason  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("image/jpg", "image/jpeg"),
        ("image/pjpeg", "image/jpeg"),
        ("image/x-png", "image/png"),
        ("application/x-pdf", "application/pdf"),
        ("application/acrobat", "application/pdf"),
        ("text/x-log", "text/plain"),
        ("application/wps-office.docx", WORD),
    ],
)
def test_other_names_of_a_type_hold_for_what_was_declared(policy: Policy, declared: str, kind: str) -> None:
    assert policy.before_download(attachment(None, declared)) is None
    assert policy.size_limit(attachment(None, declared)) == policy.types[kind].size
    assert policy.decide(attachment(None, declared), Facts(size=1, detected_type=kind)) is None
    other = _load(f'version = "1"\n[types]\n"{declared}" = "1 MiB"\n')
    assert other.decide(attachment(None, declared), Facts(size=1, detected_type=kind)) is None


@pytest.mark.parametrize(
    ("name", "declared", "allowed", "kind"),
    [
        ("a.md", "text/markdown", "text/markdown", "text/markdown"),
        ("a", "text/markdown", "text/markdown", "text/markdown"),
        (None, "text/markdown", "text/markdown", "text/markdown"),
        ("a.md", None, "text/markdown", "text/markdown"),
        ("a.md", "text/markdown", "text/plain", "text/plain"),
        ("a.yml", "text/yaml", "application/yaml", "application/yaml"),
        ("a.unheardof", "text/markdown", "text/markdown", "text/plain"),
        ("a.txt", "text/markdown", "text/markdown", "text/plain"),
        ("a.csv", "text/csv", "text/csv", "text/plain"),
        ("a.png", "image/png", "image/png", "text/plain"),
    ],
)
def test_a_text_is_of_the_type_that_it_is_said_to_be_if_that_is_let_in_and_no_reader_knows_better(
    name: str | None, declared: str | None, allowed: str, kind: str
) -> None:
    policy = _load(f'version = "1"\n[types]\n"{allowed}" = "1 MiB"\n')
    file = attachment(name, declared_type=declared)
    facts = policy.marked(policy.as_claimed(file, Facts(size=1, detected_type="text/plain")))
    assert facts.detected_type == kind
    assert (TYPE_ONLY in facts.flags) is (kind != "text/plain")
    assert (policy.decide(file, facts) is None) is (kind == allowed != "text/plain")


def test_a_file_that_is_not_the_announced_one_is_rejected_first(policy: Policy) -> None:
    facts = Facts(sha256="a" * 64, findings=(Finding(Reason.MACROS),), detected_type="text/plain")
    assert policy.decide(attachment(declared_sha256="b" * 64), facts) is Reason.HASH_MISMATCH
    assert policy.decide(attachment(declared_sha256="A" * 64), facts) is Reason.MACROS


def test_a_size_that_differs_from_the_declared_one_never_rejects(policy: Policy) -> None:
    facts = Facts(size=5, detected_type="text/plain", flags=("size_differs",))
    assert policy.decide(attachment(declared_size=50), facts) is None


@pytest.mark.parametrize(
    ("name", "declared", "detected", "reason"),
    [
        ("a.png", "image/png", "image/png", None),
        ("a.jpg", "image/jpeg", "image/png", None),
        ("a.doc", None, WORD, None),
        ("a.png", "application/pdf", "image/png", Reason.TYPE_MISMATCH),
        ("a.pdf", "image/png", "image/png", Reason.TYPE_MISMATCH),
        ("a.docx", None, SHEET, Reason.TYPE_MISMATCH),
        ("a.png.exe", "image/png", "image/png", Reason.TYPE_MISMATCH),
        ("run.ps1", "text/plain", "text/plain", Reason.TYPE_MISMATCH),
        ("run.unheardof", "text/plain", "text/plain", Reason.TYPE_MISMATCH),
        ("scan.unheardof", "image/png", "image/png", None),
        ("notes 12.05.2024", "text/plain", "text/plain", None),
        ("for Smith & Co. KG", "text/plain", "text/plain", None),
        ("what to run. exe", "text/plain", "text/plain", Reason.TYPE_MISMATCH),
        ("film.srt", "text/plain", "text/plain", None),
        ("README", None, "text/plain", None),
        (None, None, "image/gif", None),
        ("a.zip", None, "application/zip", Reason.CONTENT_NOT_ALLOWED),
        ("a.png", "image/png", None, Reason.UNDETECTABLE),
    ],
)
def test_name_declaration_and_bytes_have_to_agree(
    policy: Policy, name: str | None, declared: str | None, detected: str | None, reason: Reason | None
) -> None:
    facts = Facts(size=1, extension_type=extension_type(name), detected_type=detected)
    assert policy.decide(attachment(name, declared), facts) is reason


@pytest.mark.parametrize("declared", ["application/zip", "application/x-zip-compressed"])
def test_a_document_may_be_declared_as_the_archive_that_it_is_built_as(policy: Policy, declared: str) -> None:
    """By browsers on machines that have no Office."""
    facts = Facts(size=1, extension_type=WORD, detected_type=WORD)
    assert policy.before_download(attachment("a.docx", declared)) is None
    assert policy.decide(attachment("a.docx", declared), facts) is None
    for name in ("a.zip", "a.pdf", "a", None):
        assert policy.before_download(attachment(name, declared)) is Reason.TYPE_NOT_ALLOWED
    archive = Facts(size=1, extension_type=WORD, detected_type="application/zip")
    assert policy.decide(attachment("a.docx", declared), archive) is Reason.CONTENT_NOT_ALLOWED


@pytest.mark.parametrize(
    ("kind", "name", "declared"),
    [("text/csv", "a.csv", "application/vnd.ms-excel"), ("application/rtf", "a.rtf", "application/msword")],
)
def test_windows_may_declare_the_type_of_the_program_that_opens_a_file(kind: str, name: str, declared: str) -> None:
    """Whoever lets in tables of text alone gets them from a machine with Excel as well."""
    policy = _load(f'version = "1"\n[types]\n"{kind}" = "1 MiB"\n')
    facts = Facts(size=1, extension_type=kind, detected_type=kind)
    assert policy.before_download(attachment(name, declared)) is None
    assert policy.decide(attachment(name, declared), facts) is None
    for other in ("a.txt", "a", None):
        assert policy.before_download(attachment(other, declared)) is Reason.TYPE_NOT_ALLOWED
    binary = Facts(size=1, extension_type=kind, detected_type=declared)
    assert policy.decide(attachment(name, declared), binary) is Reason.CONTENT_NOT_ALLOWED


MESSAGING = Policy.load(SHIPPED.with_name("messaging.toml"))


@pytest.mark.parametrize(
    ("name", "declared", "detected", "reason"),
    [
        ("a.csv", "text/plain", "text/csv", None),
        ("a.csv", "application/vnd.ms-excel", "text/csv", None),
        ("a.csv", None, "application/vnd.ms-excel", None),
        ("a.ics", "text/plain", "text/calendar", None),
        ("a.json", "text/plain", "application/json", None),
        ("a.m4a", "audio/mpeg", "audio/mp4", None),
        ("a.mp3", None, "audio/wav", None),
        ("a.amr", None, "video/3gpp", None),
        ("a.webm", "video/mp4", "video/webm", None),
        ("a.doc", None, "application/rtf", None),
        ("a.csv", None, "text/plain", Reason.TYPE_MISMATCH),
        ("a.ics", None, "text/plain", Reason.TYPE_MISMATCH),
        ("a.xls", None, "text/plain", Reason.TYPE_MISMATCH),
        ("a.xml", "text/plain", "text/plain", Reason.TYPE_MISMATCH),
        ("a.png", "text/plain", "image/png", Reason.TYPE_MISMATCH),
        ("a.mp3", None, "image/png", Reason.TYPE_MISMATCH),
    ],
)
def test_what_is_usually_said_of_a_file_that_is_another_one_agrees(
    name: str, declared: str | None, detected: str, reason: Reason | None
) -> None:
    """Windows says Excel's type of each table, phones one recording's of another. Any text is a plain one."""
    facts = Facts(size=1, extension_type=extension_type(name), detected_type=detected)
    assert MESSAGING.decide(attachment(name, declared), facts) is reason


def test_who_wants_no_type_for_another_gets_none_for_a_plain_text() -> None:
    strict = _load(MINIMAL + '"text/csv" = "1 MiB"\n[disagreement]\nfamily = "reject"\n')
    facts = Facts(size=1, extension_type="text/csv", detected_type="text/csv")
    assert strict.decide(attachment("a.csv", "text/plain"), facts) is Reason.TYPE_MISMATCH


@pytest.mark.parametrize("code", [Reason.ACTIVE_CONTENT, Reason.TRAILING_DATA])
def test_some_findings_are_only_told(policy: Policy, code: Reason) -> None:
    facts = Facts(size=1, detected_type="text/plain", findings=(Finding(code),))
    assert policy.decide(attachment(), facts) is None


@pytest.mark.parametrize("code", DEFAULTS)
def test_a_finding_that_the_file_does_not_name_has_its_default(code: Reason) -> None:
    facts = Facts(size=1, detected_type="text/plain", findings=(Finding(code),))
    assert _load(MINIMAL).decide(attachment(), facts) is (code if DEFAULTS[code] is Action.REJECT else None)


def test_what_nobody_knows_as_a_finding_rejects() -> None:
    facts = Facts(size=1, detected_type="text/plain", findings=(Finding(Reason.REMOVED),))
    assert _load(MINIMAL).decide(attachment(), facts) is Reason.REMOVED


@pytest.mark.parametrize("code", CERTAIN)
def test_no_policy_lets_in_what_is_empty_or_unknown(code: Reason) -> None:
    blind = _load(MINIMAL + "[findings]\n" + "".join(f'{code} = "tell"\n' for code in DEFAULTS))
    facts = Facts(size=1, detected_type="text/plain", findings=(Finding(Reason.MACROS), Finding(code)))
    assert blind.decide(attachment(), facts) is code


@pytest.mark.parametrize(
    ("line", "flagged", "rejected"),
    [
        ('"application/gzip" = "1 MiB"', True, True),
        ('"application/gzip" = { size = "1 MiB", type_only = true }', True, False),
        ('"application/pdf" = "1 MiB"', False, True),
        ('"application/pdf" = { size = "1 MiB" }', False, True),
        ('"application/pdf" = { size = "1 MiB", type_only = true }', True, False),
    ],
)
def test_where_the_type_is_enough_the_result_says_so(line: str, flagged: bool, rejected: bool) -> None:
    """Findings of our readers reject nothing there, if it was asked for; the antivirus always has its say."""
    policy = _load(f'version = "1"\n[types]\n{line}\n')
    (kind,) = policy.types
    facts = policy.marked(
        Facts(size=1, detected_type=kind, flags=("size_differs",), findings=(Finding(Reason.MACROS),))
    )
    assert facts.flags == (("size_differs", "type_only") if flagged else ("size_differs",))
    assert policy.decide(attachment(None), facts) is (Reason.MACROS if rejected else None)
    infected = Facts(size=1, detected_type=kind, findings=(Finding(Reason.INFECTED),))
    assert policy.decide(attachment(None), infected) is Reason.INFECTED


def test_what_is_not_let_in_is_not_marked(policy: Policy) -> None:
    for kind in ("application/gzip", None):
        assert policy.marked(Facts(detected_type=kind)).flags == ()


def test_a_type_that_nothing_looks_into_is_one_warning_that_names_the_line_to_write() -> None:
    policy = _load(
        MINIMAL + '"application/gzip" = "2 MiB"\n"video/x-msvideo" = { size = "3 KiB", type_only = false }\n'
    )
    written = re.findall(r"write: (.*)", "\n".join(policy.warnings))
    assert [warning.split(":")[0] for warning in policy.warnings] == [
        'types."application/gzip"',
        'types."video/x-msvideo"',
    ]
    settled = _load("\n".join((MINIMAL, *written)))
    assert settled.warnings == ()
    assert all(settled.is_type_only(kind) for kind in ("application/gzip", "video/x-msvideo"))
    assert settled.types["application/gzip"].size == 2 * MIB


def test_a_type_by_another_of_its_names_is_the_same_type() -> None:
    """As browsers declare it: who wrote it for them goes on as before."""
    policy = _load(
        'version = "1"\n[types]\n"image/jpg" = "1 MiB"\n"application/pdf" = "3 MiB"\n"application/x-pdf" = 3145728\n'
        '[disagreement]\nfamilies = [["image/pjpeg", "image/png"]]\n'
    )
    assert {kind: allowed.size // MIB for kind, allowed in policy.types.items()} == {
        "image/jpeg": 1,
        "application/pdf": 3,
    }
    assert policy.family("image/jpeg") == {"image/jpeg", "image/png"}
    assert policy.warnings == ()


def test_bytes_that_nobody_has_a_name_for_are_let_in_only_with_a_warning_or_a_word_that_it_is_known() -> None:
    unnamed = Facts(size=1, detected_type=UNKNOWN_TYPE)
    for row, warnings in (('"2 MiB"', 1), ('{ size = "2 MiB", type_only = true }', 0)):
        policy = _load(f'version = "1"\n[types]\n"{UNKNOWN_TYPE}" = {row}\n')
        assert policy.decide(attachment(None), unnamed) is None
        assert policy.marked(unnamed).flags == (TYPE_ONLY,)
        assert len(policy.warnings) == warnings
        assert all("every file that nobody has a name for" in warning for warning in policy.warnings)


def test_a_type_whose_reader_is_not_heard_is_a_warning_as_well() -> None:
    policy = _load('version = "1"\n[types]\n"application/pdf" = { size = "1 MiB", type_only = true }\n')
    (warning,) = policy.warnings
    assert warning.endswith('write: "application/pdf" = "1 MiB"')


def test_the_limits_of_a_file_are_those_of_its_examination(policy: Policy) -> None:
    assert policy.limits == Limits(types=tuple(sorted(policy.types)))
    own = _load(
        MINIMAL + '[limits]\npages = 7\npicture = "3 MiB"\nexpansion = 9\nratio = 2\nentries = 4\nnesting = 1\n'
    )
    numbers = Limits(pages=7, picture=3 * MIB, expansion=9, ratio=2, entries=4, nesting=1)
    assert replace(own.limits, types=()) == numbers


def test_a_rejection_has_the_sentence_of_the_policy(policy: Policy) -> None:
    assert policy.reject(Reason.MACROS) == Rejected(Reason.MACROS, policy.sentence(Reason.MACROS), Facts())


def test_an_edited_policy_has_another_version() -> None:
    text = SHIPPED.read_text()
    versions = {_load(text).version, _load(text + "\n# one more line\n").version}
    assert len(versions) == 2
    assert all(version.startswith("1+") for version in versions)


class Looks:
    """A sleep that lets `watch` look a number of times, doing something before each."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    async def __call__(self, seconds: float) -> None:
        if not self._steps:
            raise Enough
        self._steps.pop(0)()


MOST = 100 * 1024 * 1024


class Enough(Exception):
    pass


async def test_a_changed_file_is_in_force_at_the_next_look(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    policies = PolicyFile(file, MOST, Recorder())
    before = policies.current.version
    change = SHIPPED.read_text().replace('script = "reject"', 'script = "tell"')
    with pytest.raises(Enough):
        await policies.watch(1.0, Looks(lambda: None, lambda: _written(tmp_path, change)))
    assert policies().version != before
    assert policies().action(Reason.SCRIPT) is Action.TELL


async def test_a_bad_file_changes_nothing_and_is_told_once(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    recorder = Recorder()
    policies = PolicyFile(file, MOST, recorder)
    before = policies.current
    with pytest.raises(Enough):
        await policies.watch(
            1.0, Looks(lambda: _written(tmp_path, "version ="), lambda: None, file.unlink, lambda: None)
        )
    assert policies.current is before
    assert len(recorder.of("policy_not_reloaded")) == 2


def test_a_request_reads_the_file_again_though_it_looks_unchanged(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    policies = PolicyFile(file, MOST, Recorder())
    stamp = file.stat()
    file.write_text(SHIPPED.read_text().replace('version = "1"', 'version = "2"'))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert policies.reload()
    assert policies.current.version.startswith("2+")


def test_each_policy_in_force_is_told_and_no_bad_one(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    recorder = Recorder()
    policies = PolicyFile(file, MOST, recorder)
    for text in (SHIPPED.read_text().replace('version = "1"', 'version = "2"'), "version ="):
        _written(tmp_path, text)
        policies.reload()
    assert [told[0].partition("+")[0] for told in recorder.of("policy_in_force")] == ["1", "2"]


def test_what_a_policy_leaves_unclear_holds_until_one_that_is_clear_is_in_force(tmp_path: Path) -> None:
    file = _written(tmp_path, MINIMAL + '"application/gzip" = "2 MiB"\n')
    conditions = Conditions(Metrics(CollectorRegistry()), 20)
    policies = PolicyFile(file, MOST, Reporter(Metrics(CollectorRegistry()), conditions))
    (held,) = conditions.held
    assert (held.condition, held.detail) == (Condition.POLICY_UNCLEAR, " | ".join(policies.current.warnings))
    assert conditions.takes_tasks
    _written(tmp_path, MINIMAL)
    policies.reload()
    assert conditions.held == []


def _written(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text)
    return file


def _load(text: str) -> Policy:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return Policy.load(_written(Path(folder), text))


def test_a_policy_that_allows_files_which_no_memory_holds_changes_nothing(tmp_path: Path) -> None:
    """They would all be rejected as too large, whatever the policy says."""
    file = _written(tmp_path, SHIPPED.read_text())
    recorder = Recorder()
    policies = PolicyFile(file, 10 * 1024 * 1024, recorder)
    before = policies.current
    _written(tmp_path, SHIPPED.read_text().replace('"application/pdf" = "10 MiB"', '"application/pdf" = "11 MiB"'))
    assert not policies.reload()
    assert policies.current is before
    assert "of more than the 10485760 bytes" in recorder.of("policy_not_reloaded")[0]
