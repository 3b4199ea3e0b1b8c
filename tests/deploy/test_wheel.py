"""What a wheel holds, and what it says where an extra is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from consumer import __version__

ROOT = Path(__file__).parents[2]
SHARE = "share/attachment-consumer"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([_uv(), "build", "--wheel", "--quiet", "--out-dir", str(folder)], cwd=ROOT, check=False)
    if done.returncode:
        pytest.skip("the packages to build a wheel: the package registry does not answer")
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def _uv() -> str:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attachment-consumer"
    found = shutil.which("uv") or next((str(path) for path in sorted(cache.glob("uv-*/bin/uv"))), None)
    if found is None:
        pytest.skip("uv is not installed")
    return found


def test_a_wheel_holds_contracts_policies_alerts_dashboard_and_settings(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    data = f"attachment_consumer-{__version__}.data/data/{SHARE}"
    schemas = {f"schemas/{path.name}" for path in (ROOT / "schemas").iterdir()}
    policies = {"policy.toml", "messaging.toml"}
    wanted = {"alerts.yml", "dashboard.json", "env.example", "reference.md", "runbook.md", *schemas, *policies}
    assert {f"{data}/{name}" for name in wanted} <= names
    assert {f"consumer/inspection/policy/{name}.toml" for name in ("policy", "messaging")} <= names
    assert not {name for name in names if name.startswith("tests")}


def test_the_version_is_that_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    assert f"Version: {__version__}\n" in wheel.read(metadata).decode()


def test_the_demo_says_in_a_sentence_how_to_get_what_it_lacks(tmp_path: Path) -> None:
    """As where the wheel was installed without its extra."""
    (tmp_path / "confluent_kafka.py").write_text("raise ImportError")
    env = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "consumer", "demo", "--events", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "attachment-consumer[sandbox]" in done.stderr
    assert "Traceback" not in done.stderr
