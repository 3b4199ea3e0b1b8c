"""Dictionaries as nearly all of them are written, without comments and escapes: read in a few steps."""

from __future__ import annotations

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.strings import from_digits
from consumer.inspection.readers.pdf.syntax import DEEPEST, MOST_DIGITS, Dictionary, Name, Reference, Value
from consumer.inspection.readers.seen import Work

LONGEST = 16 * 1024  # bytes of one that is read in this way
NEAR = 512  # bytes within which a trailer ends
A_NAME, A_SIGN = 512, 16  # of work, where there is nothing else than names and what stands behind them
A_WORD = 512  # where there is more
_WHITE = b" \t\r\n\x0c"
_USUAL = runs.WORD + b"+-.,:;*'&@=!?$|" + b"/[]<>" + _WHITE
OPEN, CLOSE = b"\x01", b"\x02"  # in place of two brackets: one is a string's
_APART = ((b"/", b" /"), (b"[", b" [ "), (b"]", b" ] "), (b"<<", b" %b " % OPEN), (b">>", b" %b " % CLOSE))


def read(written: bytes, work: Work) -> Dictionary | None:
    """The dictionary that these bytes are and nothing else is, those inside of it as empty ones, as `syntax.read` reads
    it if it is flat; None for all that is not as usual.
    """
    if len(written) > LONGEST:
        return None
    written = written.strip(_WHITE)
    if not (written.startswith(b"<<") and written.endswith(b">>")) or written.translate(None, _USUAL):
        return None
    inside = written[2:-2]
    if not (b"[" in inside or b"<" in inside or b">" in inside or b"]" in inside):
        work.spend(A_NAME * (2 + inside.count(b"/")) + A_SIGN * len(inside))
        if (simple := _simple(inside)) is not None:
            return simple
    for sign, spaced in _APART:
        written = written.replace(sign, spaced)
    words = written.split()
    work.spend(A_WORD * len(words) + len(written))
    if (b"<" in written or b">" in written) and not all(map(_is_whole, words)):
        return None
    return _put_together(words)


def _is_whole(word: bytes) -> bool:
    """Whether it is a whole string of digits, if it is a part of one."""
    if not (b"<" in word or b">" in word):
        return True
    return word[:1] == b"<" and word[-1:] == b">" and not word[1:-1].translate(None, runs.HEX)


def _simple(inside: bytes) -> Dictionary | None:
    """One of names, numbers and references alone, as most streams have."""
    before, *names = inside.split(b"/")
    made: Dictionary = {}
    key: bytes | None = None
    for part in names:
        words = part.split()
        if not words or part[:1].isspace():
            return None
        if key is not None:
            if len(words) > 1:
                return None
            made[key], key = Name(words[0]), None
        elif len(words) == 1:
            key = words[0]
        elif not words[1].isdigit() or len(words[1]) > MOST_DIGITS:
            return None
        elif len(words) == 2:
            made[words[0]] = int(words[1])
        elif len(words) == 4 and words[3] == b"R" and words[2].isdigit():
            made[words[0]] = Reference(int(words[1]))
        else:
            return None
    return None if before.strip(_WHITE) else made


def object_at(data: bytes, at: int, work: Work) -> Value:
    """The object that begins at `at`, with the dictionaries inside of it, or as empty ones if it is as usual."""
    end = data.find(b"endobj", at, at + LONGEST)
    work.spend(end - at if end >= 0 else LONGEST)
    usual = read(data[at:end], work) if end >= 0 else None
    return usual if usual is not None else syntax.read(data, at, work)[0]


def end_of(data: bytes, at: int, work: Work) -> int:
    """Where the dictionary of a trailer ends that begins at `at`: nearly always the place of a table is behind it."""
    stop = data.find(b"startxref", at, at + NEAR)
    written = data[at:stop].rstrip(_WHITE) if stop >= 0 else b""
    if b"trailer" not in written and read(written, work) is not None:
        return at + len(written)
    return syntax.read(data, at, work)[1]


def _put_together(words: list[bytes]) -> Dictionary | None:
    levels: list[list[Value]] = [[]]
    passed_over = 0  # dictionaries that are open inside of it
    for number, word in enumerate(words, 1):
        if passed_over:
            passed_over += (word == OPEN) - (word == CLOSE)
        elif word == OPEN and len(levels) > 1:
            passed_over = 1
            levels[-1].append({})
        elif word in (OPEN, b"["):
            levels.append([])
        elif word in (CLOSE, b"]"):
            values = levels.pop()
            made = syntax.dictionary(values) if word == CLOSE else values
            if len(levels) == 1:
                return made if number == len(words) and isinstance(made, dict) else None
            levels[-1].append(made)
        elif word[:1] == b"/":
            levels[-1].append(Name(word[1:]))
        elif word[:1] == b"<":
            levels[-1].append(from_digits(word[1:-1]))
        elif not syntax.take_word(word, levels[-1]):
            return None
        if len(levels) > DEEPEST:
            return None
    return None
