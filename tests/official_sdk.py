"""Genesys's official SDK, loaded when a test first needs it: its thousands of models take seven seconds."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from tests.quick import beside_python


class _Sdk:
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest looks for what marks a test at everything that it sees
            raise AttributeError(name)
        beside_python("the official SDK")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the generated code: invalid escapes, ssl defaults
            return getattr(importlib.import_module("PureCloudPlatformClientV2"), name)


sdk: Any = _Sdk()
