"""The closed lists that contracts, metrics and docs share: why a file was rejected, why it could not be judged."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why an attachment was rejected. A closed list, stable for ever: schemas, metric labels and docs hold the same."""

    REMOVED = "removed"  # the message was removed in Genesys before it was judged
    UPLOAD_FAILED = "upload_failed"  # Genesys says that the upload never became a valid file
    NO_LONGER_AVAILABLE = "no_longer_available"  # the link is known, the file behind it is gone
    URL_NOT_ALLOWED = "url_not_allowed"  # the link points where this service may not connect
    TOO_LARGE = "too_large"  # declared or counted size above the limit of its type
    EMPTY = "empty"  # no bytes, or nothing but white space
    TRUNCATED = "truncated"  # the host kept sending fewer bytes than it promised
    HTML_PAGE = "html_page"  # the link delivers a web page (a login page, say) in place of the file
    HASH_MISMATCH = "hash_mismatch"  # the bytes are not those whose SHA-256 Genesys announced
    TYPE_NOT_ALLOWED = "type_not_allowed"  # the declared type is not an allowed one
    CONTENT_NOT_ALLOWED = "content_not_allowed"  # what the bytes really are is not an allowed type
    TYPE_MISMATCH = "type_mismatch"  # an allowed type, but not the one that name or declaration claim
    UNDETECTABLE = "undetectable"  # the detector crashed on it, gave up, or ran out of its time or memory
    MALFORMED = "malformed"  # it begins like its type and is not built like it
    ENCRYPTED = "encrypted"  # protected by a password: nobody can look inside
    MACROS = "macros"  # an office file that carries macros
    TEMPLATE = "template"  # an office template, which is not the document type that it is named after
    EMBEDDED_EXECUTABLE = "embedded_executable"  # a program inside a document
    EMBEDDED_FILES = "embedded_files"  # other files are attached to the document
    LAUNCH_ACTION = "launch_action"  # the document starts a program, or opens another file with one
    JAVASCRIPT = "javascript"  # the document contains JavaScript
    ACTIVE_CONTENT = "active_content"  # ActiveX controls, Flash or rich media
    EXTERNAL_REFERENCE = "external_reference"  # loads something from elsewhere when it is opened
    SECOND_FORMAT = "second_format"  # a file of another format inside or behind this one
    LEADING_DATA = "leading_data"  # bytes before the beginning of the file, such as a broken upload leaves
    TRAILING_DATA = "trailing_data"  # bytes behind the end of the file that the policy does not accept
    ARCHIVE_LIMITS = "archive_limits"  # expands beyond the limits, nests, overlaps, or lies about its entries
    IMAGE_TOO_LARGE = "image_too_large"  # its pixels decode to more bytes than the limit
    SCRIPT = "script"  # a text that holds code of PHP, which a server runs wherever it stands
    LOOKS_LIKE_CODE = "looks_like_code"  # a text that is written like a program; a list may be as well
    CONTROL_CHARACTERS = "control_characters"  # a text with characters that are no text, or that steer a terminal
    YARA = "yara"  # a rule of the operator's own matches
    INFECTED = "infected"  # the antivirus named it
    SCAN_LIMIT_EXCEEDED = "scan_limit_exceeded"  # the antivirus could not look at all of it


class DeadReason(StrEnum):
    """Why a dead letter could not be judged. A closed list, stable for ever."""

    UNREADABLE = "unreadable"  # not JSON, not UTF-8, too deep, or of no shape that is known
    NO_IDS = "no_ids"  # readable, but it names no conversation and no message, or an id that can't be one
    OTHER_ORGANIZATION = "other_organization"  # an event of another Genesys organisation
    NOT_FOUND = "not_found"  # Genesys does not know the conversation, the message or the attachment that was announced
    FORBIDDEN = "forbidden"  # this one conversation may not be read with our credentials
    UNAVAILABLE = "unavailable"  # the attempts ran out while the same call was answered for others
    HOST_UNAVAILABLE = "host_unavailable"  # a host outside the region stayed away, or is one that is not allowed
    BUG = "bug"  # our fault: the log holds the traceback


class Dependency(StrEnum):
    """What the service waits for; each has a gate. A closed list: metric labels and `/readyz` hold the same."""

    LOGIN = "login"
    API = "api"
    FILES = "files"
    STORAGE = "storage"
    ANTIVIRUS = "antivirus"
    KAFKA = "kafka"
