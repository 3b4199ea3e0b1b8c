"""Ordinary files of each type that has a reader, of about any size: what is nearly all of a real one is nearly all of
them too. Pictures and recordings hold noise, texts hold words, documents hold both.
"""

from __future__ import annotations

import base64
import json
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from email.message import EmailMessage

from tests.inspection.files import archive, doc, gif, jpeg, ooxml, pdf, png, segment
from tests.inspection.media import SAMPLES, bmp, box, element, ogg_page, riff, riff_chunk, svg, tiff, webm
from tests.inspection.office_openers import HEAD, SPACES
from tests.inspection.old_office import atom, part, ppt, record, xls

_WORDS = """
    the order arrived today and one part of it is broken please tell me how I can return it or whether you send another
    number invoice address delivery account Thursday morning customer service thank you kind regards question photo
"""
WORDS = _WORDS.split()
WIDTH = 1000  # bytes in a row of pixels, of a large picture
A_PAGE, A_SLIDE, A_PHOTO = 3_000, 1_500, 0.6  # characters on one, and the share of a document that is a photo

Maker = Callable[[int, random.Random], bytes]
"""A file of about so many bytes."""


def words(size: int, chance: random.Random) -> str:
    """Sentences in lines, about so many characters."""
    lines, made = list[str](), 0
    while made < size:
        line = " ".join(chance.choices(WORDS, k=chance.randrange(6, 16))).capitalize() + "."
        lines.append(line)
        made += len(line) + 1
    return "\n".join(lines)[: max(1, size)]


def _noise(size: int, chance: random.Random) -> bytes:
    return chance.randbytes(max(0, size))


def _rows(size: int) -> tuple[int, int]:
    width = min(WIDTH, max(8, size // 16) // 4 * 4)
    return width, max(1, size // width)


def _png(size: int, chance: random.Random) -> bytes:
    width, height = _rows(size)
    pixels = b"".join(b"\0" + chance.randbytes(width) for _ in range(height))
    return png(width, height, pixels=zlib.compress(pixels))


def _jpg(size: int, chance: random.Random) -> bytes:
    exif = segment(0xE1, b"Exif\0\0".ljust(8_000, b"\1")) if size > 20_000 else b""
    start = jpeg(exif, *_rows(4 * size))[:-2]
    return start + _noise(size - len(start), chance).replace(b"\xff", b"\xff\0") + b"\xff\xd9"


def _gif(size: int, chance: random.Random) -> bytes:
    start = gif()
    blocks = b"".join(b"\xff" + chance.randbytes(255) for _ in range(size // 256))
    return start[:30] + blocks + b"\0;"


def _webp(size: int, chance: random.Random) -> bytes:
    coded = SAMPLES["cwebp.webp"][20:]
    return riff(b"WEBP", riff_chunk(b"VP8 ", coded + _noise(size - len(coded), chance)))


def _bmp(size: int, chance: random.Random) -> bytes:
    width, height = _rows(size // 3)
    header = struct.pack("<3L2H6L", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return bmp(pixels=chance.randbytes(3 * width * height), header=header)


def _tiff(size: int, chance: random.Random) -> bytes:
    width, height = _rows(size)
    changed = {256: (4, 1, width), 257: (4, 1, height), 273: (4, 1, 8), 279: (4, 1, width * height)}
    return tiff(gap=chance.randbytes(width * height), changed=changed)


def _boxed(sample: str) -> Maker:
    return lambda size, chance: SAMPLES[sample] + box(b"mdat", _noise(size - len(SAMPLES[sample]) - 8, chance))


def _webm(size: int, chance: random.Random) -> bytes:
    def cluster(number: int) -> bytes:
        frames = b"".join(element(0xA3, b"\x81\0\0\x80" + chance.randbytes(400)) for _ in range(20))
        return element(0x1F43B675, element(0xE7, bytes([number % 256])) + frames)

    return webm(*map(cluster, range(size // 8_500)))


def _ogg(size: int, chance: random.Random) -> bytes:
    """Further pages before the last one of the sample."""
    sample = SAMPLES["xiph.opus"]
    last, (serial,) = sample.rindex(b"OggS"), struct.unpack_from("<L", sample, 14)
    pages = (ogg_page(chance.randbytes(4_000), serial, number=page) for page in range((size - len(sample)) // 4_000))
    return sample[:last] + b"".join(pages) + sample[last:]


def _wav(size: int, chance: random.Random) -> bytes:
    spoken = riff_chunk(b"fmt ", struct.pack("<2H2L2H", 1, 1, 8000, 8000, 1, 8))
    return riff(b"WAVE", spoken, riff_chunk(b"data", _noise(size, chance)))


def _again(sample: str, header: int) -> Maker:
    """As a longer recording: what stands behind the header once more, as often as it takes."""
    data = SAMPLES[sample]
    return lambda size, _: data[:header] + data[header:] * max(1, size // len(data))


def _txt(size: int, chance: random.Random) -> bytes:
    return words(size, chance).encode()


def _csv(size: int, chance: random.Random) -> bytes:
    rows = (f'{row},"{words(40, chance)}",{chance.random() * 1000:.2f},2026-01-05' for row in range(size // 70))
    return "\r\n".join(("id,name,amount,date", *(row.replace("\n", " ") for row in rows))).encode() + b"\r\n"


def _json(size: int, chance: random.Random) -> bytes:
    rows = [
        {"id": row, "name": words(40, chance), "amount": round(chance.random() * 1000, 2), "tags": ["a", "b"]}
        for row in range(max(1, size // 100))
    ]
    return json.dumps(rows, indent=chance.choice((None, 1))).encode()


def _xml(size: int, chance: random.Random) -> bytes:
    items = (
        f'<item id="{row}" amount="{chance.random():.3f}"><name>{words(60, chance)}</name></item>\n'
        for row in range(size // 110)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<list xmlns="urn:a:list">\n{"".join(items)}</list>\n'.encode()


def _svg(size: int, chance: random.Random) -> bytes:
    def path(number: int) -> str:
        curve = ",".join(f"{chance.random() * 100:.2f}" for _ in range(8))
        color = f"{chance.randrange(1 << 24):06x}"
        return f'<path d="M{curve} z" style="fill:#{color};stroke:none" id="p{number}"/>\n'

    return svg("".join(map(path, range(max(1, size // 105)))), 'width="100" height="100"')


def _vcf(size: int, chance: random.Random) -> bytes:
    """Contacts, of which each hundredth has a portrait."""
    made, left, number = list[str](), size, 0
    while left > 0:
        portrait = ""
        if size > 20_000 and number % 100 == 0:
            letters = base64.b64encode(_jpg(8_000, chance)).decode()
            folded = "\r\n ".join(letters[at : at + 74] for at in range(0, len(letters), 74))
            portrait = f"PHOTO;ENCODING=b;TYPE=JPEG:{folded}\r\n"
        made.append(
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;John{number};;;\r\nFN:John{number} Doe\r\n{portrait}"
            f"TEL;TYPE=CELL:+49 170 {chance.randrange(10**7)}\r\nADR;TYPE=HOME:;;Street {number};Berlin;;10115;DE\r\n"
            "END:VCARD\r\n"
        )
        left -= len(made[-1])
        number += 1
    return "".join(made).encode()


def _ics(size: int, chance: random.Random) -> bytes:
    events = (
        f"BEGIN:VEVENT\r\nUID:{number}@a.example\r\nDTSTART:20260101T120000Z\r\nDTEND:20260101T123000Z\r\n"
        f"SUMMARY:{words(30, chance)}\r\nDESCRIPTION:{words(70, chance)}\r\n {words(60, chance)}\r\nEND:VEVENT\r\n"
        for number in range(max(1, size // 300))
    )
    lines = "".join(event.replace(".\n", ". ") for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//EN\r\n{lines}END:VCALENDAR\r\n".encode()


def _eml(size: int, chance: random.Random) -> bytes:
    """A letter, with a photo if it is large."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@a.example", "b@b.example", "Hello"
    mail["Date"], mail["Message-ID"] = "Thu, 01 Jan 2026 12:00:00 +0000", "<1@a.example>"
    text = words(size // 3 if size > 20_000 else size - 300, chance)
    mail.set_content(text)
    if size > 20_000:
        mail.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
        photo = _jpg(size // 4, chance)
        mail.add_attachment(photo, maintype="image", subtype="jpeg", filename="photo.jpg")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def _rtf(size: int, chance: random.Random) -> bytes:
    lines = words(size // 2, chance).split("\n")
    written = "\n".join(f"\\pard\\plain\\f0\\fs24\\lang1033 {{\\b {line[:9]}}}{line[9:]}\\par" for line in lines)
    return f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\n{written}}}".encode()


def _stream(dictionary: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(content), content)


def _pdf(size: int, chance: random.Random) -> bytes:
    """Pages of text, and a photo on the first one if it is large."""
    objects, left = list[bytes](), size - 600
    if size > 20_000:
        photo = _jpg(int(A_PHOTO * size), chance)
        head = b"/Type /XObject /Subtype /Image /Width 800 /Height 600 /ColorSpace /DeviceRGB /BitsPerComponent 8"
        objects.append(_stream(head + b" /Filter /DCTDecode", photo))
        left -= len(photo)
    while left > 0:
        text = words(A_PAGE, chance).split("\n")
        drawn = "BT /F1 12 Tf 14 TL 50 800 Td " + " ".join(f"({line}) Tj T*" for line in text) + " ET"
        content = zlib.compress(drawn.encode()[: None if left > A_PAGE // 3 else left])
        fonts = b"/Resources << /Font << /F1 4 0 R >> >>"
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R %s >>"
        objects += [page % (6 + len(objects), fonts), _stream(b"/Filter /FlateDecode", content)]
        left -= len(content) + 250
    body = b"4 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n"
    return pdf(body + b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, made) for number, made in enumerate(objects, 5)))


def _photos(folder: str, size: int, chance: random.Random) -> dict[str, bytes | str]:
    return {f"{folder}/image1.jpg": _jpg(int(A_PHOTO * size), chance)} if size > 20_000 else {}


PACKED = 4  # times that words are larger before they are compressed


def _docx(size: int, chance: random.Random) -> bytes:
    lines = words(int(PACKED * (1 - A_PHOTO) * size), chance).split("\n")
    paragraph = '<w:p><w:pPr><w:jc w:val="both"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>{}</w:t></w:r></w:p>'
    body = "".join(map(paragraph.format, lines)) if size > 2_000 else paragraph.format(lines[0])
    document = f'{HEAD}<w:document xmlns:w="urn:w"><w:body>{body}</w:body></w:document>'
    return ooxml("docx", {"word/document.xml": document, **_photos("word/media", size, chance)})


def _xlsx(size: int, chance: random.Random) -> bytes:
    def row(number: int) -> str:
        cells = "".join(f'<c r="{column}{number}"><v>{chance.randrange(10**6)}</v></c>' for column in "ABCDEF")
        return f'<row r="{number}">{cells}</row>'

    rows = "".join(map(row, range(1, max(2, size // 48))))
    sheet = f'{HEAD}<worksheet xmlns="urn:x"><sheetData>{rows}</sheetData></worksheet>'
    texts = "".join(f"<si><t>{line}</t></si>" for line in words(size // 2, chance).split("\n"))
    strings = f'{HEAD}<sst xmlns="urn:x">{texts}</sst>'
    return ooxml("xlsx", {"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": strings} if size > 2_000 else {})


def _slide(size: int, chance: random.Random) -> str:
    shape = (
        '<p:sp><p:spPr><a:xfrm><a:off x="{}" y="{}"/></a:xfrm></p:spPr>'
        "<p:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    lines = words(size, chance).split("\n")
    shapes = "".join(shape.format(chance.randrange(9999), chance.randrange(9999), line) for line in lines)
    return f'{HEAD}<p:sld xmlns:p="urn:p" xmlns:a="urn:a"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'


def _pptx(size: int, chance: random.Random) -> bytes:
    slides = range(1, 2 + int((1 - A_PHOTO) * size / 1_100))
    more: dict[str, bytes | str] = {f"ppt/slides/slide{number}.xml": _slide(A_SLIDE, chance) for number in slides}
    return ooxml("pptx", {**more, **_photos("ppt/media", size, chance)} if size > 2_000 else {})


def _odf(kind: str, element_: str) -> Maker:
    def made(size: int, chance: random.Random) -> bytes:
        lines = words(int(PACKED * (1 - A_PHOTO) * size), chance).split("\n")[: None if size > 2_000 else 1]
        body = "".join(f'<text:p text:style-name="P1">{line}</text:p>' for line in lines)
        content = (
            f'{HEAD}<office:document-content {SPACES} office:version="1.3"><office:body><office:{element_}>{body}'
            f"</office:{element_}></office:body></office:document-content>"
        )
        mime = f"application/vnd.oasis.opendocument.{kind}"
        parts: Mapping[str, bytes | str] = {"content.xml": content, **_photos("Pictures", size, chance)}
        row = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'.format
        rows = row("/", mime) + "".join(
            row(name, "text/xml" if name.endswith("xml") else "image/jpeg") for name in parts
        )
        manifest = f"{HEAD}<manifest:manifest {SPACES}>{rows}</manifest:manifest>"
        return archive({"mimetype": mime, **parts, "META-INF/manifest.xml": manifest})

    return made


def _zip(size: int, chance: random.Random) -> bytes:
    photo = {"photo.jpg": _jpg(int(A_PHOTO * size), chance)} if size > 2_000 else {}
    return archive({"notes.txt": words(int(PACKED * (1 - A_PHOTO) * size), chance), **photo})


def _doc(size: int, chance: random.Random) -> bytes:
    text = b"\xec\xa5\xc1\0" + bytes(28) + words(int((1 - A_PHOTO) * size), chance).encode("cp1252")
    return doc(WordDocument=text, Data=_jpg(int(A_PHOTO * size), chance)) if size > 20_000 else doc()


def _xls(size: int, chance: random.Random) -> bytes:
    """Rows of numbers and of words in one sheet."""
    cells = (
        record(0x0203, struct.pack("<3Hd", row, 0, 15, chance.random())) + record(0x0204, words(60, chance).encode())
        for row in range(size // 86)
    )
    name = b"\0Sheet1"
    begin = len(part(5)) + 4 + 6 + 1 + len(name) + 4
    sheet = record(0x85, struct.pack("<LBB", begin, 0, 0) + bytes([6]) + name)
    return xls(part(5) + sheet + record(0x0A) + part(0x10) + b"".join(cells) + record(0x0A))


def _ppt(size: int, chance: random.Random) -> bytes:
    slides = [
        atom(0x03EE, atom(0x0FA8, words(1_000, chance).encode()), 0xF) for _ in range(int((1 - A_PHOTO) * size / 1_016))
    ]
    return ppt(slides, Pictures=_jpg(int(A_PHOTO * size), chance)) if size > 20_000 else ppt(slides)


MAKERS: Mapping[str, Maker] = {
    "png": _png, "jpg": _jpg, "gif": _gif, "webp": _webp, "bmp": _bmp, "tiff": _tiff, "svg": _svg,
    "heic": _boxed("heifenc.heic"), "avif": _boxed("avifenc.avif"), "mp4": _boxed("ffmpeg_plain.mp4"),
    "mov": _boxed("gstreamer.mov"), "3gp": _boxed("ffmpeg.3gp"), "m4a": _boxed("ffmpeg.m4a"),
    "webm": _webm, "ogg": _ogg, "wav": _wav, "amr": _again("sox.amr", 6), "mp3": _again("soundfile.mp3", 0),
    "aac": _again("pyav.aac", 0), "pdf": _pdf, "doc": _doc, "xls": _xls, "ppt": _ppt, "docx": _docx, "xlsx": _xlsx,
    "pptx": _pptx, "odt": _odf("text", "text"), "ods": _odf("spreadsheet", "spreadsheet"),
    "odp": _odf("presentation", "presentation"), "zip": _zip, "rtf": _rtf, "txt": _txt, "csv": _csv, "json": _json,
    "xml": _xml, "vcf": _vcf, "ics": _ics, "eml": _eml,
}  # fmt: skip
"""By extension."""
