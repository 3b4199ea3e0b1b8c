"""Where a motif can stand, again and again, in a file of each type that has a reader: by `type, place`.

Where lengths of parts have to be right they are; everything else is a file of that type that is broken on purpose.
"""

from __future__ import annotations

import base64
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from tests.bench.grown import MAKERS
from tests.inspection import media
from tests.inspection.files import archive, chunk, compound, doc, gif, jpeg, ooxml, pdf, png, segment
from tests.inspection.media import SAMPLES, box, element, frame, ogg_page, riff, riff_chunk, svg, tag
from tests.inspection.office_openers import SPACES
from tests.inspection.old_office import atom, part, ppt, record, stored, workbook, xls
from tests.inspection.test_document_samples import SAMPLES as DOCUMENTS
from tests.inspection.test_document_samples import sample

Place = Callable[[bytes], bytes]
A_FILE = 3_000  # bytes, about, of one that slices are taken from
LONGEST_FILE = 64 * 1024
PACKED = 8  # times as much, where the motif is compressed
SPELLINGS = {"opus": "ogg", "oga": "ogg", "ogv": "ogg", "mkv": "webm", "tif": "tiff"}


def stream(dictionary: bytes, content: bytes) -> bytes:
    return pdf(b"9 0 obj\n<< %s >>\nstream\n" % dictionary + content + b"\nendstream\nendobj\n")


def in_parts(kind: str, part_: str, filling: bytes) -> bytes:
    return ooxml(kind, {part_: filling}, method=zipfile.ZIP_STORED)


def in_packed_parts(kind: str, part_: str, filling: bytes) -> bytes:
    return ooxml(kind, {part_: filling * PACKED})


def packed(make: Place) -> Place:
    return lambda filling: make(filling * PACKED)


def odf(part_: str, filling: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    parts = {"content.xml": b"<a/>", part_: filling}
    listed = "".join(f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type=""/>' for name in parts)
    manifest = f"<manifest:manifest {SPACES}>{listed}</manifest:manifest>".encode()
    return archive(
        {"mimetype": "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml": manifest, **parts}, method
    )


def in_pieces(filling: bytes, longest: int, make: Place) -> bytes:
    return b"".join(make(filling[at : at + longest]) for at in range(0, len(filling), longest))


def lines(letters: bytes, begin: bytes) -> bytes:
    return begin.join(letters[at : at + 76] + b"\r\n" for at in range(0, len(letters), 76))


def card(head: bytes, filling: bytes) -> bytes:
    return b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\n" + head + filling + b"\r\nEND:VCARD\r\n"


def entry(head: bytes, filling: bytes) -> bytes:
    event = b"BEGIN:VEVENT\r\nUID:1\r\n" + head + filling + b"\r\nEND:VEVENT\r\n"
    return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + event + b"END:VCALENDAR\r\n"


def mail(head: bytes, filling: bytes) -> bytes:
    return b"From: a@a.example\r\nTo: b@b.example\r\nSubject: a\r\nMIME-Version: 1.0\r\n" + head + b"\r\n\r\n" + filling


def mixed(head: bytes, filling: bytes) -> bytes:
    return mail(b"Content-Type: multipart/mixed; boundary=b", b"--b\r\n%s\r\n\r\n%s\r\n--b--\r\n" % (head, filling))


def drawing(begin: str, end: str, filling: bytes) -> bytes:
    return svg(f"{begin}\n{end}").replace(b"\n", filling, 1)


def letters(filling: bytes) -> bytes:
    return base64.b64encode(filling[: len(filling) * 3 // 4])


def kind(place: str) -> str:
    """The extension of files of that place."""
    found = place.partition(",")[0]
    return SPELLINGS.get(found, found)


PLACES: Mapping[str, Place] = {
    "png, a chunk": lambda filling: png(extra=chunk(b"zzZz", filling)),
    "png, a text": lambda filling: png(extra=chunk(b"tEXt", b"Comment\0" + filling)),
    "png, a packed text": packed(lambda filling: png(extra=chunk(b"zTXt", b"Comment\0\0" + zlib.compress(filling)))),
    "png, chunks": lambda filling: png(extra=filling),
    "png, pixels": lambda filling: png(pixels=filling),
    "png, behind it": lambda filling: png() + filling,
    "png, behind words": lambda filling: png() + b"junk" + filling,
    "jpg, behind it": lambda filling: jpeg() + filling,
    "jpg, segments": lambda filling: jpeg(filling),
    "jpg, pixels": lambda filling: jpeg()[:-2] + filling + b"\xff\xd9",
    "jpg, comments": lambda filling: jpeg(in_pieces(filling, 65_000, partial(segment, 0xFE))),
    "jpg, Exif": lambda filling: jpeg(in_pieces(filling, 65_000, lambda some: segment(0xE1, b"Exif\0\0" + some))),
    "jpg, profiles": lambda filling: jpeg(in_pieces(filling, 65_000, partial(segment, 0xE2))),
    "jpg, XMP": lambda filling: jpeg(
        in_pieces(filling, 65_000, lambda some: segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + some))
    ),
    "gif, a comment": lambda filling: gif(filling),
    "gif, another width": lambda filling: gif(filling, width=0x2A2F),
    "gif, behind it": lambda filling: gif() + filling,
    "gif, blocks": lambda filling: gif()[:-1] + filling,
    "gif, its head": lambda filling: gif()[:6] + filling,
    "pdf, objects": lambda filling: pdf(filling),
    "pdf, an object": lambda filling: pdf(b"9 0 obj\n" + filling + b"\nendobj\n"),
    "pdf, a dictionary": lambda filling: pdf(b"9 0 obj\n<< /A " + filling + b" >>\nendobj\n"),
    "pdf, a string": lambda filling: pdf(b"9 0 obj\n<< /A (" + filling + b") >>\nendobj\n"),
    "pdf, files": lambda filling: pdf(b"9 0 obj\n<< /EF << " + filling + b" >> >>\nendobj\n"),
    "pdf, a stream": lambda filling: stream(b"", filling),
    "pdf, objects in a stream": lambda filling: stream(b"/N 1 /First 0", filling),
    "pdf, packed objects": lambda filling: stream(b"/N 1 /First 0 /Filter /FlateDecode", zlib.compress(filling)),
    "pdf, a packed stream": packed(lambda filling: stream(b"/Filter /FlateDecode", zlib.compress(filling))),
    "pdf, ASCII85": lambda filling: stream(b"/Filter [/A85 /Fl]", filling),
    "pdf, LZW": lambda filling: stream(b"/Filter /LZW", filling),
    "pdf, runs": lambda filling: stream(b"/Filter /RL", filling),
    "pdf, hex": lambda filling: stream(b"/Filter /AHx", filling),
    "pdf, an attached file": lambda filling: stream(b"/Type /EmbeddedFile", filling),
    "pdf, a trailer": lambda filling: pdf(trailer=filling),
    "pdf, a locked one": lambda filling: pdf(trailer=b"/Encrypt 1 0 R " + filling),
    "pdf, behind it": lambda filling: pdf() + filling,
    "pdf, its first object": lambda filling: b"%PDF-1.4\n1 0 obj<<" + filling,
    "docx, a part": partial(in_parts, "docx", "word/a.xml"),
    "docx, its text": partial(in_packed_parts, "docx", "word/document.xml"),
    "docx, relations": partial(in_parts, "docx", "word/_rels/a.xml.rels"),
    "docx, a picture": partial(in_parts, "docx", "word/media/a.emf"),
    "docx, an object": partial(in_parts, "docx", "word/embeddings/oleObject1.bin"),
    "docx, other words": partial(in_parts, "docx", "word/afchunk.htm"),
    "docx, behind it": lambda filling: ooxml("docx") + filling,
    "docx, before it": lambda filling: filling + ooxml("docx"),
    "docx, its types": lambda filling: archive({"[Content_Types].xml": filling}),
    "docx, its root": lambda filling: ooxml("docx", {"_rels/.rels": filling}),
    "xlsx, a sheet": partial(in_packed_parts, "xlsx", "xl/worksheets/sheet1.xml"),
    "xlsx, texts": partial(in_packed_parts, "xlsx", "xl/sharedStrings.xml"),
    "xlsx, links": partial(in_parts, "xlsx", "xl/externalLinks/_rels/externalLink1.xml.rels"),
    "xlsx, settings": partial(in_parts, "xlsx", "xl/printerSettings/printerSettings1.bin"),
    "pptx, a slide": partial(in_packed_parts, "pptx", "ppt/slides/slide1.xml"),
    "pptx, relations": partial(in_parts, "pptx", "ppt/slides/_rels/slide1.xml.rels"),
    "odt, its text": packed(partial(odf, "content.xml", method=zipfile.ZIP_DEFLATED)),
    "odt, styles": partial(odf, "styles.xml"),
    "odt, a manifest": partial(odf, "META-INF/manifest.xml"),
    "odt, a picture": partial(odf, "Pictures/a.svm"),
    "odt, an object": partial(odf, "Object 1/content.xml"),
    "zip, a member": lambda filling: archive({"a.txt": filling}, zipfile.ZIP_STORED),
    "zip, a packed member": packed(lambda filling: archive({"a.txt": filling})),
    "zip, a table": lambda filling: archive({"a.csv": filling}),
    "zip, before it": lambda filling: filling + archive({"a.txt": b"a"}),
    "zip, behind it": lambda filling: archive({"a.txt": b"a"}) + filling,
    "zip, in it": lambda filling: archive({"a.txt": b"a"})[:36] + filling + archive({"a.txt": b"a"})[36:],
    "doc, behind it": lambda filling: doc() + filling,
    "doc, data": lambda filling: doc(Data=filling),
    "doc, its text": lambda filling: compound({"WordDocument": filling}),
    "doc, a table": lambda filling: doc(0, None, **{"1Table": filling}),
    "doc, an object": lambda filling: doc(0, {"ObjectPool": {"\1Ole10Native": filling, "\1CompObj": filling[:4096]}}),
    "doc, macros": lambda filling: doc(0, {"VBA": {"dir": filling}}),
    "doc, properties": lambda filling: doc(0, None, **{"\5SummaryInformation": filling}),
    "xls, its text": lambda filling: compound({"Workbook": filling}),
    "xls, its records": lambda filling: xls(workbook(filling)),
    "xls, a record": lambda filling: xls(workbook(in_pieces(filling, 8_000, partial(record, 0xFC)))),
    "xls, a sheet": lambda filling: xls(workbook() + part(0x10) + filling),
    "ppt, its text": lambda filling: compound({"PowerPoint Document": filling}),
    "ppt, its records": lambda filling: ppt([filling]),
    "ppt, a record": lambda filling: ppt([atom(0x03EE, filling, 0xF)]),
    "ppt, an object": packed(lambda filling: ppt([stored(filling)])),
    "ppt, pictures": lambda filling: ppt(Pictures=filling),
    "rtf, its words": lambda filling: b"{\\rtf1\\ansi " + filling + b"}",
    "rtf, groups": lambda filling: b"{\\rtf1{" + filling.replace(b"\n", b"}{") + b"}}",
    "rtf, a picture": lambda filling: b"{\\rtf1{\\pict\\wmetafile8 " + filling.hex().encode()[: len(filling)] + b"}}",
    "rtf, an object": lambda filling: b"{\\rtf1{\\object{\\*\\objdata " + filling + b"}}}",
    "rtf, bytes": lambda filling: b"{\\rtf1{\\pict\\bin%d " % len(filling) + filling + b"}}",
    "txt, all of it": lambda filling: filling,
    "txt, behind a line": lambda filling: b"a text\n" + filling,
    "txt, UTF-8": lambda filling: b"\xef\xbb\xbf" + filling,
    "txt, UTF-16": lambda filling: b"\xff\xfe" + filling[: len(filling) // 2].decode("latin-1").encode("utf-16-le"),
    "csv, rows": lambda filling: b"id,name\r\n" + filling,
    "csv, a cell": lambda filling: b'id,name\r\n1,"' + filling + b'"\r\n',
    "csv, records": lambda filling: b"ID;PWXL;N;E\r\n" + filling,
    "json, a string": lambda filling: b'["' + filling + b'"]',
    "json, values": lambda filling: b"[" + filling + b"1]",
    "xml, elements": lambda filling: b"<?xml version='1.0'?><a>" + filling + b"</a>",
    "xml, an attribute": lambda filling: b"<?xml version='1.0'?><a b='" + filling + b"'/>",
    "xml, a tag": lambda filling: b"<?xml version='1.0'?><a " + filling + b"/>",
    "xml, before it": lambda filling: b"<?xml version='1.0'?>" + filling + b"<a/>",
    "svg, elements": partial(drawing, "", ""),
    "svg, a style": partial(drawing, "<style>", "</style>"),
    "svg, styles": partial(drawing, "<rect style='", "'/>"),
    "svg, a path": partial(drawing, "<path d='", "'/>"),
    "svg, a link": partial(drawing, "<image href='", "'/>"),
    "svg, words": partial(drawing, "<text>", "</text>"),
    "svg, a picture": lambda filling: svg(f"<image href='data:image/png;base64,{letters(filling).decode()}'/>"),
    "vcf, lines": partial(card, b""),
    "vcf, a note": partial(card, b"NOTE:"),
    "vcf, a value": partial(card, b"NOTE;"),
    "vcf, quoted letters": partial(card, b"NOTE;ENCODING=QUOTED-PRINTABLE:"),
    "vcf, a portrait": lambda filling: card(b"PHOTO;ENCODING=b;TYPE=JPEG:", lines(letters(filling), b" ")),
    "vcf, cards": lambda filling: card(b"", b"") + filling,
    "ics, lines": partial(entry, b""),
    "ics, words": partial(entry, b"DESCRIPTION:"),
    "ics, a file": lambda filling: entry(b"ATTACH;ENCODING=BASE64;VALUE=BINARY:", lines(letters(filling), b" ")),
    "ics, words of a page": partial(entry, b"X-ALT-DESC;FMTTYPE=text/html:"),
    "eml, headers": lambda filling: mail(filling, b"a"),
    "eml, a header": lambda filling: mail(b"X-A: " + filling, b"a"),
    "eml, its words": partial(mail, b"Content-Type: text/plain"),
    "eml, a page": partial(mail, b"Content-Type: text/html"),
    "eml, parts": lambda filling: mail(b"Content-Type: multipart/mixed; boundary=b", filling),
    "eml, a part": partial(mixed, b"Content-Type: text/plain"),
    "eml, heads of a part": lambda filling: mixed(filling, b"a"),
    "eml, a letter": partial(mixed, b"Content-Type: message/rfc822"),
    "eml, quoted words": partial(mixed, b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable"),
    "eml, a file": lambda filling: mixed(
        b"Content-Type: application/octet-stream; name=a.txt\r\nContent-Transfer-Encoding: base64",
        lines(letters(filling), b""),
    ),
    "webp, parts": lambda filling: riff(b"WEBP", media.chunks_of(SAMPLES["cwebp.webp"]), filling),
    "webp, behind it": lambda filling: SAMPLES["cwebp.webp"] + filling,
    "wav, parts": lambda filling: riff(b"WAVE", media.SPOKEN, filling, riff_chunk(b"data", bytes(64))),
    "wav, a list": lambda filling: riff(b"WAVE", media.SPOKEN, riff_chunk(b"LIST", b"INFO" + filling)),
    "mp4, parts": lambda filling: SAMPLES["ffmpeg_plain.mp4"] + filling,
    "mp4, facts": lambda filling: SAMPLES["ffmpeg_plain.mp4"] + box(b"moov", box(b"udta", filling)),
    "mp4, a track": lambda filling: SAMPLES["ffmpeg_plain.mp4"] + box(b"moov", box(b"trak", filling)),
    "mp4, a list": lambda filling: SAMPLES["ffmpeg_plain.mp4"] + box(b"meta", bytes(4), box(b"ilst", filling)),
    "heic, parts": lambda filling: SAMPLES["heifenc.heic"] + filling,
    "heic, facts": lambda filling: SAMPLES["heifenc.heic"] + box(b"meta", bytes(4), filling),
    "webm, parts": lambda filling: media.webm(filling),
    "webm, a cluster": lambda filling: media.webm(element(0x1F43B675, filling)),
    "webm, tags": lambda filling: media.webm(element(0x1254C367, filling)),
    "webm, an open cluster": lambda filling: media.webm(filling, known=False),
    "ogg, pages": lambda filling: SAMPLES["xiph.opus"] + in_pieces(filling, 4_000, ogg_page),
    "ogg, behind it": lambda filling: SAMPLES["xiph.opus"] + filling,
    "mp3, frames of a tag": lambda filling: tag(filling) + SAMPLES["lame.mp3"],
    "mp3, a picture": lambda filling: tag(frame(b"APIC", b"\0image/png\0\3\0" + filling)) + SAMPLES["lame.mp3"],
    "mp3, behind it": lambda filling: SAMPLES["lame.mp3"] + filling,
    "mp3, before it": lambda filling: filling + SAMPLES["lame.mp3"],
    "aac, behind it": lambda filling: SAMPLES["ffmpeg.aac"] + filling,
    "amr, behind it": lambda filling: SAMPLES["sox.amr"] + filling,
    "bmp, behind it": lambda filling: media.bmp() + filling,
    "tiff, behind it": lambda filling: media.tiff() + filling,
    **{name: place for name, place in {**media.PLACES, **media.TEXTS}.items() if kind(name) != "ogg"},  # short pages
}  # fmt: skip


@cache
def whole(extension: str) -> tuple[bytes, ...]:
    """Files of the type, of many makers: slices of them are motifs, and motifs stand between their bytes."""
    return tuple(data for data in _whole(extension) if len(data) <= LONGEST_FILE)


def _whole(extension: str) -> Iterator[bytes]:
    yield MAKERS[extension](A_FILE, random.Random(extension))
    for name, data in SAMPLES.items():
        if kind(name.rpartition(".")[2]) == extension:
            yield data
    for called, data in map(sample, DOCUMENTS):
        if called.endswith(f".{extension}"):
            yield data
