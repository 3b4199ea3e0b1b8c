"""What the tests of both kinds of store share."""

from pathlib import Path

from consumer.model import Facts
from consumer.storage.cloud import Cloud
from consumer.storage.folder import Folder
from consumer.storage.kept import Store

CONVERSATION = "8d4a3d1c-1111-2222-3333-444455556666"
IDENTITY = bytes(range(16))
PNG = Facts(detected_type="image/png")
LARGE = 12 * 1024 * 1024


def both_are_stores(folder: Folder, cloud: Cloud) -> tuple[Store, Store]:
    """Checked by mypy."""
    return folder, cloud


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
