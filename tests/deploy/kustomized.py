"""What `kubectl kustomize` makes of deploy/kubernetes, as far as our files use it: no test needs the program.

Names of generated ConfigMaps keep no digest behind them, and references are not rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.derived import KUBERNETES, Manifest

CHOICES = ("topics", "strimzi", "monitoring")


class Twice(ValueError):
    """Two resources of one kind and name: kustomize refuses that."""


def built(*components: str) -> list[Manifest]:
    """With these of the components, whichever the file names as it is."""
    whole = _kustomization(KUBERNETES)
    made = [*_resources(KUBERNETES), *_config_maps(whole)]
    for component in components:
        made += _resources(KUBERNETES / component)
    names = [_identity(one) for one in made]
    if again := {name for name in names if names.count(name) > 1}:
        raise Twice(str(again))
    for one in made:
        for container in containers(one):
            container["image"] = _image(container["image"], whole["images"])
    return made


def as_it_is() -> list[Manifest]:
    return built(*_kustomization(KUBERNETES)["components"])


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] == kind]


def pod_of(manifest: Manifest) -> Manifest:
    """The spec of the pods that it makes; {} if it makes none."""
    return dict(manifest.get("spec", {}).get("template", {}).get("spec", {}))


def labels_of(manifest: Manifest) -> dict[str, str]:
    return dict(manifest["spec"]["template"]["metadata"]["labels"])


def containers(manifest: Manifest) -> list[Manifest]:
    return list(pod_of(manifest).get("containers", []))


def _kustomization(folder: Path) -> Manifest:
    return dict(yaml.safe_load((folder / "kustomization.yaml").read_text()))


def _resources(folder: Path) -> Iterator[Manifest]:
    whole = _kustomization(folder)
    for name in whole["resources"]:
        path = folder / name
        found = _resources(path) if path.is_dir() else yaml.safe_load_all(path.read_text())
        for one in found:
            if "namespace" in whole and one["kind"] != "Namespace":
                one["metadata"]["namespace"] = whole["namespace"]
            yield one


def _config_maps(whole: Manifest) -> Iterator[Manifest]:
    for one in whole["configMapGenerator"]:
        files = {name: (KUBERNETES / name).read_text() for name in one.get("files", [])}
        lines = [line for name in one.get("envs", []) for line in (KUBERNETES / name).read_text().splitlines()]
        pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        metadata = {"name": one["name"], "namespace": one["namespace"]}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": files | pairs}


def _image(name: str, images: list[dict[str, str]]) -> str:
    for one in images:
        if one["name"] == name:
            return f"{one['newName']}@{one['digest']}" if "digest" in one else f"{one['newName']}:{one['newTag']}"
    return name


def _identity(manifest: Manifest) -> tuple[Any, ...]:
    return manifest["kind"], manifest["metadata"].get("namespace"), manifest["metadata"]["name"]
