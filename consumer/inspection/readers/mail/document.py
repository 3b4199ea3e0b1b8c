"""A mail as a file (.eml): each of its parts, whatever it is called and however it is encoded, is judged.

A page that a browser saved is built like a mail and is none (MHTML, RFC 2557): nobody sent it, and nobody got it.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from itertools import chain

from consumer.inspection.readers import attached, scripts, text
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.formats import foreign
from consumer.inspection.readers.mail import encodings, headers, signed
from consumer.inspection.readers.mail.headers import Headers
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable
from consumer.inspection.readers.text import PLAIN
from consumer.inspection.readers.texts import opening
from consumer.model import Reason

END = End("the last boundary of its parts", "every one, if it has several parts", "of a mail of one part every one")
MOST_PARTS = 500
MOST_WRITTEN = 100  # files in the text itself
DEEPEST_PART = 16  # parts in parts
A_PART = 16 * 1024  # of work
BEGINNING = 64 * 1024
PAGE, DIGEST = "multipart/related", "multipart/digest"
MAIL, MESSAGE = "message/rfc822", "message/"
KNOWN = frozenset(
    {"from", "to", "cc", "subject", "date", "received", "message-id", "return-path", "sender", "delivered-to"}
)
SENT = frozenset({"to", "cc", "bcc", "received", "message-id", "return-path", "delivered-to", "resent-to", "x-unsent"})
SAVED = "snapshot-content-location"
OF_A_SERVICE = "text/x-amp-html"  # shown by services of the web alone, and only after checks of their own
IDLE = (b"", b"return false", b"return true")  # what an event does that does nothing
NOTHING = (b"javascript:void(0)", b"javascript:;", b'javascript:"', b"javascript:'")
DATA_SCRIPTS = (b"json", b"text/template", b"text/html")  # kinds of script that no browser runs
SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
TEXTS = (PLAIN, "text/html", "text/enriched", "text/x-amp-html", "text/watch-html")


def begins(data: bytes) -> bool:
    lines = _lines(data[:BEGINNING])
    if not headers.begins(lines[:1024]):
        return False
    end, _ = headers.split(lines, 0, len(lines))
    names = {line.partition(b":")[0].strip().lower().decode("latin-1") for line in lines[:end].split(b"\n")}
    return bool(names & KNOWN) or ("mime-version" in names and PAGE.encode() in lines[:end].lower())


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.work.spend(4 * len(data))
    lines = _lines(data)
    mail = _Mail(lines, seen)
    top = mail.headers(0, len(lines))
    names = top.fields.keys()
    built_as_page = top.kind() == PAGE or "content-location" in names
    is_page = SAVED in names or (built_as_page and not names & SENT)
    seen.detected_type = PAGE if is_page else MAIL
    mail.part(0, len(lines), 0)
    text.find_php(data, seen)


def _lines(data: bytes) -> bytes:
    """With LF at the ends of its lines, and without the line that a mailbox puts before a mail."""
    data = opening.with_lf(data.removeprefix(codecs.BOM_UTF8)).lstrip(b"\n")
    data = data if b"\n" in data else data.replace(b"\r", b"\n")
    if data.startswith((b"From ", b">From ")):
        data = data.partition(b"\n")[2]
    return data


@dataclass(slots=True)
class _Mail:
    lines: bytes
    seen: Seen
    parts: int = 0

    def headers(self, begin: int, end: int) -> Headers:
        stop, _ = headers.split(self.lines, begin, end)
        return headers.read(self.lines[begin:stop], self.seen.work)

    def part(self, begin: int, end: int, depth: int, unless_said: str = "") -> None:
        """`unless_said`: what the part is where it says nothing of that."""
        self.parts += 1
        self.seen.work.spend(A_PART)
        if self.parts > MOST_PARTS or depth > DEEPEST_PART:
            raise TooMuch("the mail has more parts than can be examined")
        said = self.headers(begin, end)
        _, body = headers.split(self.lines, begin, end)
        kind = said.kind() if "content-type" in said.fields or not unless_said else unless_said
        if kind.startswith("multipart/"):
            self._several(said, body, end, depth)
        else:
            self._leaf(kind, said, body, end, depth)

    def _several(self, said: Headers, body: int, end: int, depth: int) -> None:
        if said.kind() == "multipart/encrypted":
            self.seen.find(Reason.ENCRYPTED, "the mail is encrypted")
        boundary = said.boundary()
        if not boundary:
            raise Unreadable("the mail does not say where its parts begin")
        mark = b"\n--" + boundary.encode("utf-8", "replace")
        at = body - 1 if body else 0
        first, of_parts = None, MAIL if said.kind() == DIGEST else ""
        while (at := self.lines.find(mark, at, end)) >= 0:
            self.seen.work.spend(A_PART // 4)
            line_end = self.lines.find(b"\n", at + 1, end)
            line_end = end if line_end < 0 else line_end
            rest = self.lines[at + len(mark) : line_end].rstrip()
            if rest in (b"", b"--"):
                if first is None:
                    self._between(body, at)
                else:
                    self.part(first, max(first, at), depth + 1, of_parts)
                if rest:
                    self._between(line_end, end)
                    return
                first = min(line_end + 1, end)
            at = line_end
        if not depth or first is None:
            raise Unreadable("the end of the mail is missing")
        self.part(first, end, depth + 1, of_parts)  # the next boundary around it ends it as well (RFC 2046, 5.1.2)

    def _between(self, begin: int, end: int) -> None:
        """What stands before the first part and behind the last: words for old programs, and shown by none."""
        if found := foreign(self.lines[max(0, begin) : max(0, end)], self.seen.work):
            self.seen.find(Reason.SECOND_FORMAT, f"{found} between the parts of the mail")

    def _leaf(self, kind: str, said: Headers, body: int, end: int, depth: int) -> None:
        names = said.names()
        content = encodings.decode(self.lines[body:end], said.encoding(), self.seen.work)
        if kind in ("message/partial", "message/external-body"):
            self.seen.find(Reason.EXTERNAL_REFERENCE, "a part of the mail is to be had elsewhere")
        elif kind in SEALED or any(map(signed.is_named, names)):
            self._sealed(names, content, depth)
        elif is_program(b"", *names):
            self.seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached")
        elif kind in TEXTS and not names and content.strip() and text.read(content, self.seen.work) is None:
            self._written(kind, content)
            self._attached("", "", content)
        elif kind in TEXTS and not names:
            self._text(kind, opening.as_utf8(content, self.seen.work))
            if b"\0" in content:
                self._between(body, end)
        elif kind.startswith(MESSAGE):
            self._message(content, depth)
        elif content:
            self._attached(names[0] if names else "", kind, content)

    def _message(self, content: bytes, depth: int) -> None:
        """Readers take it for a mail with any headers, of any subtype and by any name."""
        mail = _Mail(_lines(content), self.seen, self.parts)
        if begins(content) or not headers.begins(mail.lines[:1024]):
            self._attached("", MAIL, content)
        else:
            mail.part(0, len(mail.lines), depth + 1)
            self.parts = mail.parts

    def _sealed(self, names: tuple[str, ...], content: bytes, depth: int) -> None:
        """A signed mail or file can be read by anybody. All else of this kind is encrypted, or as good as that."""
        inner = signed.content_of(content, self.seen.work)
        if inner is None:
            self.seen.find(Reason.ENCRYPTED, "the mail is sealed: nobody can look inside without its key")
            return
        mail = _Mail(_lines(inner), self.seen, self.parts)
        if headers.begins(mail.lines[:1024]) and "content-type" in mail.headers(0, len(mail.lines)).fields:
            mail.part(0, len(mail.lines), depth + 1)
            self.parts = mail.parts
        else:
            self._signed(tuple(map(signed.name_of, names)), inner or content, depth)

    def _signed(self, names: tuple[str, ...], content: bytes, depth: int) -> None:
        """A file, which may be signed once more."""
        if depth > DEEPEST_PART:
            raise TooMuch("the mail has more parts than can be examined")
        if is_program(b"", *names):
            self.seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached")
        elif any(map(signed.is_named, names)):
            self._sealed(names, content, depth + 1)
        else:
            self._attached(names[0] if names else "", "", content)

    def _text(self, kind: str, content: bytes) -> None:
        if kind == OF_A_SERVICE:
            return
        if kind != PLAIN:
            if any(self._runs(content, at) for at in scripts.live(content, self.seen.work)):
                self.seen.find(Reason.EMBEDDED_EXECUTABLE, "the mail is a page with a script", opener="browser")
            return
        self._written(kind, content)

    def _written(self, kind: str, content: bytes) -> None:
        """Files that stand in the text itself."""
        if kind != PLAIN:
            return
        files = chain(encodings.uuencoded(content, self.seen.work), encodings.yencoded(content, self.seen.work))
        for count, (name, file) in enumerate(files):
            if count >= MOST_WRITTEN:
                raise TooMuch("more files stand in the mail's text than can be examined")
            self._attached(name, "", file)

    def _attached(self, name: str, kind: str, content: bytes) -> None:
        """A picture in a page is no attached file. What needs a password can't be judged at all."""
        inner = attached.judge(name, kind, content, self.seen)
        if inner.has(Reason.ENCRYPTED):
            self.seen.find(Reason.ENCRYPTED, "an attached file is protected by a password")
        if not (inner.detected_type or "").startswith("image/"):
            self.seen.find(Reason.EMBEDDED_FILES, "files are attached to the mail")

    def _runs(self, page: bytes, at: int) -> bool:
        """Whether it is more than data that stands in a script, as shops describe an order for other programs, and more
        than a link or an event that does nothing.
        """
        self.seen.work.spend(A_PART // 2)
        words = page[at : at + 64].lower()
        if words.startswith(NOTHING) or _is_idle(words.partition(b"=")[2].lstrip()):
            return False
        tag = page[at : page.find(b">", at, at + 512) + 1].lower()
        return not (tag.startswith(b"<script") and any(kind in tag for kind in DATA_SCRIPTS))


def _is_idle(value: bytes) -> bool:
    """Whether an attribute's value, in its quotes, is code that does nothing."""
    code, closed, _ = value[1:].partition(value[:1]) if value[:1] in (b'"', b"'") else (b"", b"", b"")
    return bool(closed) and code.strip(b" ;") in IDLE
