"""The table of schemes: what settings take, and what is opened for it."""

import pytest
from pydantic import ValidationError

from consumer.inspection.antivirus import Scanner, open_scanner
from consumer.inspection.antivirus.clamd import Clamd
from consumer.inspection.antivirus.icap import Icap
from consumer.settings.model import AntivirusSettings
from consumer.settings.scanners import SCHEMES, Address, address_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://clamd:3310", Address("tcp", "clamd", 3310)),
        ("tcp://[::1]:3310", Address("tcp", "::1", 3310)),
        ("unix:///run/clamav/clamd.ctl", Address("unix", path="/run/clamav/clamd.ctl")),
        ("icap://scanner:1344/avscan", Address("icap", "scanner", 1344, "/avscan")),
        ("icap://scanner/avscan?mode=simple", Address("icap", "scanner", 1344, "/avscan?mode=simple")),
        ("icaps://[::1]/a/b", Address("icaps", "::1", 11344, "/a/b")),
    ],
)
def test_an_address_is_read_by_its_scheme(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "clamd",
        "tcp://host",
        "tcp://:3310",
        "tcp://host:99999",
        "tcp://host:0",
        "tcp://host:1/path",
        "tcp://[:1",
        "unix://path",
        "http://host:1",
        "icap://host:1344",
        "icap://host:1344/",
        "icap:///avscan",
        "icap://user:secret@host/avscan",
        "icap://host/a b",
        "icap://host/a\r\nX: y",
        "icap://host/a#b",
        "ICAP://host/a",
    ],
)
def test_an_address_that_cannot_be_meant_is_answered_with_the_forms_that_there_are(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AntivirusSettings(address=text)
    assert all(row.form in str(caught.value) for row in SCHEMES.values())
    assert "secret" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_scheme_opens_a_scanner_by_the_form_that_operators_are_told(scheme: str) -> None:
    written = SCHEMES[scheme].form.replace(":port", ":1234")
    opened = open_scanner(AntivirusSettings(address=written))
    kinds: dict[str, type[Scanner]] = {"clamd": Clamd, "icap": Icap}
    assert type(opened) is kinds[SCHEMES[scheme].module]


def test_without_an_address_there_is_no_scanner() -> None:
    assert open_scanner(AntivirusSettings()) is None
