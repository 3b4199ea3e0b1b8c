import os
from collections.abc import Callable
from pathlib import Path

import pytest

from consumer.inspection.policy.policy import SHIPPED, Policy, PolicyError, PolicyFile
from consumer.model import Facts, Finding, MediaStatus, Reason
from tests.inspection.files import SHEET, WORD, attachment

MIB = 1024 * 1024
EIGHT = {"image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain", "application/msword", WORD, SHEET}


@pytest.fixture
def policy() -> Policy:
    return Policy.load()


def test_the_shipped_policy_allows_eight_types_of_ten_mebibytes(policy: Policy) -> None:
    assert dict(policy.types) == dict.fromkeys(EIGHT, 10 * MIB)


def test_the_shipped_policy_has_a_sentence_for_every_reason_in_english_and_german(policy: Policy) -> None:
    assert set(policy.translations) == {"en", "de"}
    for reason in Reason:
        assert policy.sentence(reason) == policy.sentence(reason, "en") != policy.sentence(reason, "de")


def test_the_default_language_is_the_one_of_verdicts() -> None:
    german = _load(SHIPPED.read_text().replace('language = "en"', 'language = "de"'))
    assert german.reject(Reason.EMPTY, attachment()).detail == "Die Datei ist leer."
    assert german.sentence(Reason.EMPTY, "en") == "The file is empty."


def test_what_a_language_lacks_is_said_in_the_default_one() -> None:
    polish = _load(SHIPPED.read_text() + '\n[sentences.pl]\nempty = "Plik jest pusty."\n')
    assert polish.sentence(Reason.EMPTY, "pl") == "Plik jest pusty."
    assert (
        polish.sentence(Reason.MACROS, "pl") == polish.sentence(Reason.MACROS, "xx") == polish.sentences[Reason.MACROS]
    )


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
        ({"declared_type": "video/mp4", "removed": True}, Reason.REMOVED),
    ],
)
def test_the_declaration_alone_decides_before_the_download(
    policy: Policy, declared: dict[str, object], reason: Reason | None
) -> None:
    assert policy.before_download(attachment(**declared)) is reason  # type: ignore[arg-type] # fields by name


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
        ("README", None, "text/plain", None),
        (None, None, "image/gif", None),
        ("a.zip", None, "application/zip", Reason.CONTENT_NOT_ALLOWED),
        ("a.png", "image/png", None, Reason.UNDETECTABLE),
    ],
)
def test_name_declaration_and_bytes_have_to_agree(
    policy: Policy, name: str | None, declared: str | None, detected: str | None, reason: Reason | None
) -> None:
    from consumer.inspection.policy.extensions import extension_type

    facts = Facts(size=1, extension_type=extension_type(name), detected_type=detected)
    assert policy.decide(attachment(name, declared), facts) is reason


@pytest.mark.parametrize("code", [Reason.ACTIVE_CONTENT, Reason.TRAILING_DATA])
def test_some_findings_are_only_told(policy: Policy, code: Reason) -> None:
    facts = Facts(size=1, detected_type="text/plain", findings=(Finding(code),))
    assert policy.decide(attachment(), facts) is None


def test_what_the_policy_does_not_name_rejects() -> None:
    lenient = Policy.load()
    bare = Policy("1", lenient.types, {}, lenient.sentences)
    for code in Reason:
        facts = Facts(size=1, detected_type="text/plain", findings=(Finding(code),))
        assert bare.decide(attachment(), facts) is code


def test_no_policy_lets_in_what_is_empty_or_unknown() -> None:
    shipped = Policy.load()
    blind = Policy("1", shipped.types, dict.fromkeys(Reason, False), shipped.sentences)
    for code in (Reason.EMPTY, Reason.UNDETECTABLE):
        facts = Facts(size=1, detected_type="text/plain", findings=(Finding(Reason.MACROS), Finding(code)))
        assert blind.decide(attachment(), facts) is code


def test_the_sentence_is_the_policys_and_holds_nothing_of_the_file(policy: Policy) -> None:
    verdict = policy.reject(Reason.MACROS, attachment("<b>evil.doc"))
    assert verdict.reason is Reason.MACROS
    assert verdict.detail == policy.sentences[Reason.MACROS]


def test_an_edited_policy_has_another_version() -> None:
    text = SHIPPED.read_text()
    versions = {_load(text).version, _load(text + "\n# one more line\n").version}
    assert len(versions) == 2
    assert all(version.startswith("1+") for version in versions)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"image/png" = "10 MiB"', '"image/png" = "101 MiB"', "size of image/png"),
        ('"image/png" = "10 MiB"', '"PNG" = "10 MiB"', "not a MIME type"),
        ('"image/png" = "10 MiB"', '"image/png" = true', "size of image/png"),
        ('macros = "reject"', 'macros = "maybe"', 'macros must be "reject" or "tell"'),
        ('macros = "reject"', 'marcos = "reject"', "unknown key 'marcos'"),
        ('infected = "The antivirus', 'infektion = "The antivirus', "no sentence in 'en' for: infected"),
        ('language = "en"', 'language = "fr"', "no sentence in 'fr'"),
        ('language = "en"', 'language = "English"', "language must be"),
        ("[sentences.de]", '[sentences."de-AT"]', "'de-AT' is no language"),
        ('empty = "Die Datei ist leer."', "empty = 0", "the sentence for empty"),
        ('empty = "Die Datei ist leer."', 'emtpy = "Die Datei ist leer."', "unknown key 'emtpy' in sentences.de"),
        ('declared = "reject"', "declared = 1", "declared must be"),
        ("families = [", "families = [7,", "families must be"),
        ('version = "1" ', "version = 1 ", "version must be"),
    ],
)
def test_a_problem_is_told_with_its_line(old: str, new: str, problem: str) -> None:
    text = SHIPPED.read_text()
    assert text.count(old) >= 1
    with pytest.raises(PolicyError) as caught:
        _load(text.replace(old, new, 1))
    line = next(i for i, row in enumerate(text.splitlines(), 1) if old in row)
    message = next(row for row in str(caught.value).splitlines() if problem in row)
    if "for: infected" in problem:  # what is missing has no line; its table has
        line = next(i for i, row in enumerate(text.splitlines(), 1) if row.startswith("[sentences.en]"))
    assert f":{line}: " in message


def test_every_problem_is_told_at_once() -> None:
    text = SHIPPED.read_text().replace('macros = "reject"', "macros = 1").replace('script = "reject"', "script = 2")
    with pytest.raises(PolicyError) as caught:
        _load(text)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("content", [b"\xff\xfe", b"version = ", b""])
def test_what_is_no_policy_at_all_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(content)
    with pytest.raises(PolicyError, match=r"policy\.toml"):
        Policy.load(file)


def test_a_missing_policy_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="can't be read"):
        Policy.load(tmp_path / "none.toml")


class Looks:
    """A sleep that lets `watch` look a number of times, doing something before each."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    async def __call__(self, seconds: float) -> None:
        if not self._steps:
            raise Enough
        self._steps.pop(0)()


class Enough(Exception):
    pass


async def test_a_changed_file_is_in_force_at_the_next_look(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    policies = PolicyFile(file)
    before = policies.current.version
    change = SHIPPED.read_text().replace('script = "reject"', 'script = "tell"')
    with pytest.raises(Enough):
        await policies.watch(1.0, Looks(lambda: None, lambda: _written(tmp_path, change)))
    assert policies().version != before
    assert policies().rejects[Reason.SCRIPT] is False


async def test_a_bad_file_changes_nothing_and_is_told_once(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    told: list[PolicyError] = []
    policies = PolicyFile(file, told.append)
    before = policies.current
    with pytest.raises(Enough):
        await policies.watch(
            1.0, Looks(lambda: _written(tmp_path, "version ="), lambda: None, file.unlink, lambda: None)
        )
    assert policies.current is before
    assert len(told) == 2


def test_a_request_reads_the_file_again_though_it_looks_unchanged(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    policies = PolicyFile(file)
    stamp = file.stat()
    file.write_text(SHIPPED.read_text().replace('version = "1"', 'version = "2"'))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert policies.reload()
    assert policies.current.version.startswith("2+")


def test_each_policy_in_force_is_told_and_no_bad_one(tmp_path: Path) -> None:
    file = _written(tmp_path, SHIPPED.read_text())
    told: list[str] = []
    policies = PolicyFile(file, on_policy=lambda policy: told.append(policy.version.partition("+")[0]))
    for text in (SHIPPED.read_text().replace('version = "1"', 'version = "2"'), "version ="):
        _written(tmp_path, text)
        policies.reload()
    assert told == ["1", "2"]


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
    told: list[PolicyError] = []
    policies = PolicyFile(file, told.append, most_bytes=10 * 1024 * 1024)
    before = policies.current
    _written(tmp_path, SHIPPED.read_text().replace('"application/pdf" = "10 MiB"', '"application/pdf" = "11 MiB"'))
    assert not policies.reload()
    assert policies.current is before
    assert "of more than the 10485760 bytes" in str(told[0])
