"""Files that LibreOffice may act on, made here: documents that ask or run, and documents by another type's name."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from tests.inspection import wide
from tests.inspection.files import BENIGN, archive
from tests.inspection.polyglots import ZIP
from tests.inspection.test_document_samples import SAMPLES, sample

URN = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    [f'xmlns:{name}="{URN}{name}:1.0"' for name in ("office", "text", "script", "manifest")]
    + [f'xmlns:draw="{URN}drawing:1.0" xmlns:svg="{URN}svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"']
    + ['xmlns:dom="http://www.w3.org/2001/xml-events" xmlns:ooo="http://openoffice.org/2004/office"']
)
KIND = "application/vnd.oasis.opendocument.text"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
TYPE = '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}.dtd">'
BASIC = 'xmlns:library="http://openoffice.org/2000/library" xmlns:script="http://openoffice.org/2000/script"'
ACTED = "acted on it"


def odt(body: str, before: str = "", more: Mapping[str, str] | None = None) -> bytes:
    """A text as LibreOffice opens it: parts that its manifest does not list are none."""
    parts = {
        "content.xml": f'{HEAD}<office:document-content {SPACES} office:version="1.3">{before}<office:body>'
        f"<office:text>{body}</office:text></office:body></office:document-content>",
        **(more or {}),
    }
    row = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'.format
    rows = row("/", KIND) + "".join(row(name, "text/xml") for name in parts)
    manifest = f"{HEAD}<manifest:manifest {SPACES}>{rows}</manifest:manifest>"
    return archive({"mimetype": KIND, **parts, "META-INF/manifest.xml": manifest})


def framed(content: str) -> bytes:
    return odt(f'<text:p><draw:frame svg:width="1cm" svg:height="1cm">{content}</draw:frame></text:p>')


def flat() -> bytes:
    """The whole document in one file of XML."""
    return (
        f'{HEAD}<office:document {SPACES} office:version="1.3" office:mimetype="{KIND}"><office:body><office:text>'
        "<text:p>acted <text:span>on</text:span> it</text:p></office:text></office:body></office:document>"
    ).encode()


def with_macro(code: str) -> bytes:
    """A text that runs a macro of its own when it is opened."""
    library = f'{BASIC} library:name="Standard"'
    listener = (
        '<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script"'
        ' script:event-name="dom:load" xlink:type="simple"'
        ' xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners></office:scripts>"
    )
    parts = {
        "Basic/script-lc.xml": HEAD
        + TYPE.format("library:libraries", "libraries")
        + f'<library:libraries {BASIC}><library:library library:name="Standard" library:link="false"/>'
        "</library:libraries>",
        "Basic/Standard/script-lb.xml": HEAD
        + TYPE.format("library:library", "library")
        + f'<library:library {library}><library:element library:name="Module1"/></library:library>',
        "Basic/Standard/Module1.xml": HEAD
        + TYPE.format("script:module", "module")
        + f'<script:module {BASIC} script:name="Module1" script:language="StarBasic">{code}</script:module>',
    }
    return odt("<text:p>words</text:p>", before=listener, more=parts)


PAGE = b"<html><body><table><tr><td>acted <b>on</b> it</table></body></html>"
WORKBOOK = b'ID;PWXL;N;E\r\nC;X1;Y1;K"acted on it"\r\nE\r\n'
LETTER = rb"{\rtf1\ansi acted {\b on} it\par}"
OLD_XML = (
    b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="%s" xmlns:ss="%s"><Worksheet '
    b'ss:Name="a"><Table><Row><Cell><Data ss:Type="String">acted on it</Data></Cell></Row></Table></Worksheet>'
    b"</Workbook>" % ((b"urn:schemas-microsoft-com:office:spreadsheet",) * 2)
)
IN_DISGUISE = {"a.xml, a document": flat(), "a.xml, a workbook": OLD_XML, "a.zip, a workbook before": WORKBOOK + ZIP}
"""What LibreOffice shows as another kind of document than its name says. Texts and tables it shows as what they are."""
RAW = (r"\rtf1", "PWXL", "&lt;")  # what is to be seen where it shows them as the texts that they are called


def asking(url: str) -> dict[str, bytes]:
    """Documents that ask for something at `url` when they are opened, each for a path of its own."""
    links = 'xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"'
    form = f'<f:model xmlns:f="http://www.w3.org/2002/xforms"><f:instance src="{url}/form.odt"/></f:model>'
    return {
        "object.odt": framed(f'<draw:object xlink:href="{url}/object.odt" {links}/>'),
        "form.odt": odt(f"<office:forms>{form}</office:forms><text:p>words</text:p>"),
    }


def by_the_name_of_a_text() -> dict[str, bytes]:
    seconds = {"a letter": LETTER, "a page": PAGE, "a document in XML": flat(), "a workbook": WORKBOOK}
    return {f"a.{kind}, {what}": data for kind in ("txt", "csv", "json") for what, data in seconds.items()}


def joined() -> dict[str, bytes]:
    """A document that LibreOffice reads before or behind a file of each kind, by the name of the first."""
    hosts = {f"a.{kind}": data for kind, data in BENIGN.items()}
    hosts |= {f"a.{name.partition('.')[2]}": data for name, data in map(sample, SAMPLES)}
    seconds = {"odt": odt(f"<text:p>{ACTED}</text:p>"), "flat": flat(), "rtf": LETTER, "sylk": WORKBOOK}
    found = {}
    for (name, data), (second, content) in product(hosts.items(), seconds.items()):
        found[f"{name}, {second} behind"] = data + content
        found[f"{name}, {second} before"] = content + data
    return found


def accepted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of them that are let in by the name before the comma."""
    return {what: data for what, data in files.items() if wide.reason(data, what.partition(",")[0]) is None}
