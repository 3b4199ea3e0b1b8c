"""Dictionaries as nearly all of them are written, without strings, comments and escapes: read in a few steps."""

from __future__ import annotations

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.strings import TOKEN
from consumer.inspection.readers.pdf.syntax import DEEPEST, Dictionary, Name, Value
from consumer.inspection.readers.seen import Work

LONGEST = 16 * 1024  # bytes of one that is read in this way
_WHITE = b" \t\r\n\x0c"
_USUAL = runs.WORD + b"+-.,:;*'&@=!?$|" + b"/[]<>" + _WHITE
_APART = ((b"/", b" /"), (b"[", b" [ "), (b"]", b" ] "), (b"<<", b" << "), (b">>", b" >> "))


def read(written: bytes, work: Work) -> Dictionary | None:
    """The dictionary that these bytes are and nothing else is, those inside of it as empty ones, as `syntax.read` reads
    it if it is flat; None for all that is not as usual.
    """
    if len(written) > LONGEST:
        return None
    written = written.strip(_WHITE)
    if not (written.startswith(b"<<") and written.endswith(b">>")):
        return None
    if written.translate(None, _USUAL) or not _is_paired(written):
        return None
    for sign, spaced in _APART:
        written = written.replace(sign, spaced)
    words = written.split()
    work.spend(TOKEN * len(words) + len(written))
    return _put_together(words)


def object_at(data: bytes, at: int, work: Work) -> Value:
    """The object that begins at `at`, with the dictionaries inside of it, or as empty ones if it is as usual."""
    end = data.find(b"endobj", at, at + LONGEST)
    work.spend(end - at if end >= 0 else LONGEST)
    usual = read(data[at:end], work) if end >= 0 else None
    return usual if usual is not None else syntax.read(data, at, work)[0]


def _is_paired(written: bytes) -> bool:
    """Whether every bracket of a dictionary stands beside its like: others are of strings."""
    return all(written.count(sign) == 2 * written.count(2 * sign) for sign in (b"<", b">"))


def _put_together(words: list[bytes]) -> Dictionary | None:
    levels: list[list[Value]] = [[]]
    passed_over = 0  # dictionaries that are open inside of it
    for number, word in enumerate(words, 1):
        if passed_over:
            passed_over += (word == b"<<") - (word == b">>")
        elif word == b"<<" and len(levels) > 1:
            passed_over = 1
            levels[-1].append({})
        elif word in (b"<<", b"["):
            levels.append([])
        elif word in (b">>", b"]"):
            values = levels.pop()
            made = syntax.dictionary(values) if word == b">>" else values
            if len(levels) == 1:
                return made if number == len(words) and isinstance(made, dict) else None
            levels[-1].append(made)
        elif word[:1] == b"/":
            levels[-1].append(Name(word[1:]))
        elif not syntax.take_word(word, levels[-1]):
            return None
        if len(levels) > DEEPEST:
            return None
    return None
