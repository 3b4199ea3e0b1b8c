"""What browsers, phones and office programs call a type when they send a file, where it is no registered name.

Windows and Linux keep such names for each extension, and a program that is installed may put its own there.
"""

from __future__ import annotations

_NAMES = {
    "image/jpeg": "image/jfif image/x-jpeg application/jpg application/x-jpg",
    "image/png": "image/vnd.mozilla.apng application/png application/x-png",
    "image/gif": "image/x-gif",
    "image/bmp": "image/ms-bmp image/x-windows-bmp image/x-windows-bitmap",
    "image/tiff": "image/tif image/x-tif image/x-tiff",
    "image/webp": "image/x-webp",
    "application/pdf": "application/acrobat application/nappdf application/vnd.pdf application/haansoftpdf image/pdf "
    "text/pdf text/x-pdf",
    "text/plain": "text/x-log application/txt",
    "text/csv": "application/csv application/x-csv text/x-csv text/comma-separated-values "
    "text/x-comma-separated-values",
    "text/markdown": "text/x-markdown",
    "application/yaml": "application/x-yaml text/yaml text/x-yaml",
    "application/rtf": "text/rtf application/x-rtf",
    "application/msword": "application/doc application/vnd.ms-word application/vnd.msword application/x-msword "
    "application/wps-office.doc application/kswps application/haansoftdoc zz-application/zz-winassoc-doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "application/docx application/x-docx "
    "application/wps-office.docx application/haansoftdocx application/vnd.ms-word.document.12",
    "application/vnd.ms-excel": "application/excel application/msexcel application/vnd.msexcel application/x-excel "
    "application/x-msexcel application/xls application/x-xls application/wps-office.xls application/kset "
    "application/haansoftxls zz-application/zz-winassoc-xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "application/xlsx application/x-xlsx "
    "application/wps-office.xlsx application/haansoftxlsx application/vnd.ms-excel.12 "
    "application/vnd.ms-excel.sheet.12",
    "application/vnd.ms-powerpoint": "application/powerpoint application/mspowerpoint application/x-mspowerpoint "
    "application/wps-office.ppt application/kswpp application/haansoftppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "application/pptx "
    "application/wps-office.pptx application/haansoftpptx application/vnd.ms-powerpoint.presentation.12",
    "application/zip": "application/x-zip application/x-zip-compressed",
    "audio/mpeg": "audio/mpg audio/x-mpeg audio/x-mpg audio/x-mpeg-3 audio/x-mpegaudio",
    "audio/aac": "audio/vnd.dlna.adts",
    "audio/amr": "audio/amr-nb audio/x-amr",
    "audio/ogg": "audio/x-ogg audio/x-vorbis audio/x-vorbis+ogg audio/x-opus+ogg audio/x-speex+ogg audio/x-flac+ogg "
    "audio/x-oggflac",
    "video/ogg": "video/x-ogg video/x-theora+ogg",
    "application/ogg": "application/x-ogg",
    "video/mp4": "video/m4v video/x-m4v video/mp4v-es video/x-mp4 application/mp4",
    "video/quicktime": "video/mov video/x-quicktime",
    "video/3gpp": "video/3gp video/x-3gp audio/3gp",
    "video/x-matroska": "audio/x-matroska video/matroska audio/matroska application/x-matroska",
}
OTHER_NAMES = {word: name for name, words in _NAMES.items() for word in words.split()}
"""By each of them the type's own name."""
