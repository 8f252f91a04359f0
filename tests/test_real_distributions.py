"""Real wheels and sdists by name: what the audit says of each, against counts of another kind.

The files are fetched once with `pip download` into $AUDIT_TEST_CACHE (by default a folder below the
system's temporary one). The counts here use zipfile, tarfile, json and readelf alone. Each finding
was looked at by hand when its number was written down.
"""

from __future__ import annotations

import fcntl
import functools
import json
import re
import subprocess
import tarfile
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from bench.real_packages import downloaded
from tests.programs import needed
from tests.real import audited, kept_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.registry

LINES = 60
"""A report that is longer than this is no screen of a terminal."""

PACKAGES: dict[str, dict[str, int]] = {
    "gradio==5.9.1": {
        "high embedded-sources": 265,  # 118 maps, and 147 in code, as Svelte writes them
        "medium oversized-artifact": 1,
        "low embedded-sources": 267,
        "low nested-archive": 1,
        "low oversized-file": 11,
        "low redundant-licence-classifier": 1,
        "low repository-plumbing": 5,
        "low test-file": 9,
        "info nested-archive": 2,
    },
    "mlflow==2.19.0": {
        "high embedded-sources": 38,
        "high remote-source-map": 9,
        "medium oversized-artifact": 1,
        "low oversized-file": 4,
    },
    "streamlit==1.41.0": {
        "high embedded-sources": 49,
        "medium oversized-artifact": 1,
        "low oversized-file": 6,
    },
    "jupyterlab==4.3.4": {
        "low dangling-source-map": 2,
        "low editor-junk": 72,
        "low test-file": 54,
    },
    "wandb==0.19.1": {
        "medium oversized-artifact": 1,
        "low oversized-file": 2,
        "low stray-root-file": 1,
        "low test-file": 19,
        "info build-path-in-binary": 2,
    },
    "spacy==3.8.2": {
        "low debug-information": 46,
        "low oversized-file": 1,
        "low test-file": 346,
        "info build-path-in-binary": 46,
        "info build-path-in-generated-code": 1,
    },
    "langdetect==1.0.9 (sdist)": {
        "low legacy-build": 1,
        "low missing-python-requirement": 1,
        "low personal-identity": 1,
    },
    "pytorch_lightning==0.7.6": {"medium foreign-top-level-name": 2, "low test-file": 45},
    "setuptools==75.6.0": {
        "low native-code-in-pure-wheel": 1,
        "low nested-archive": 2,
        "low test-file": 130,
        "info startup-code": 1,
    },
    "pytest_cov==5.0.0": {"info startup-code": 1},
    "attrs==24.2.0": {"low early-metadata-field": 1, "low redundant-licence-classifier": 1},
    "num2words==0.5.13": {"low missing-python-requirement": 1},
    "structlog==24.4.0": {"low early-metadata-field": 1, "low redundant-licence-classifier": 2},
}
PASSES = ("attrs==24.2.0", "num2words==0.5.13", "structlog==24.4.0")


def fetched(spec: str) -> Path:
    """Return a package's file, fetched by name when it is not there; one worker fetches it."""
    folder = kept_in("distributions")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return downloaded(spec, folder)


@functools.cache
def report(spec: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(audited(fetched(spec), "--format", "json"))
    return document


def paths(spec: str, rule: str) -> list[str]:
    """Return the places of one rule's findings."""
    return [f["location"]["path"] for f in report(spec)["findings"] if f["rule"] == rule]


@pytest.mark.parametrize("spec", PACKAGES)
def test_what_is_found_in_a_package(spec: str) -> None:
    document = report(spec)
    found = Counter(f"{f['severity']} {f['rule']}" for f in document["findings"])

    assert dict(found) == PACKAGES[spec]
    assert document["gaps"] == []
    assert document["verdict"] == (
        "fail" if any(key.startswith(("high", "medium")) for key in found) else "pass"
    )


@pytest.mark.parametrize("spec", PASSES)
def test_clean_packages_pass(spec: str) -> None:
    assert report(spec)["verdict"] == "pass"


@pytest.mark.parametrize("spec", PACKAGES)
def test_the_report_is_a_screen(spec: str) -> None:
    assert audited(fetched(spec)).count("\n") <= LINES


# the same, counted without us


def members(spec: str) -> dict[str, bytes]:
    with zipfile.ZipFile(fetched(spec)) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}


def gives_back(data: bytes) -> bool:
    """Tell whether a map has text of a source outside of node_modules."""
    try:
        document = json.loads(data.decode("utf-8-sig").removeprefix(")]}'"))
    except ValueError:
        return False
    texts = zip(document.get("sources", ()), document.get("sourcesContent") or (), strict=False)
    return any(text and "node_modules" not in str(name) for name, text in texts)


@pytest.mark.parametrize("spec", ["gradio==5.9.1", "streamlit==1.41.0"])
def test_maps_that_give_source_back_are_those_that_hold_it(spec: str) -> None:
    files = members(spec)
    with_text = {n for n, data in files.items() if n.endswith(".map") and gives_back(data)}
    found = {path for path in paths(spec, "embedded-sources") if path.endswith(".map")}

    assert found <= with_text
    # the others hold nothing but what bundlers add, under a name that is not node_modules
    for path in with_text - found:
        document = json.loads(files[path])
        assert all(
            re.search(r"node_modules|^\x00|\(|webpack/|^vite/|virtual:|commonjsHelpers", str(name))
            for name, text in zip(document["sources"], document["sourcesContent"], strict=False)
            if text
        ), path


def test_the_maps_that_mlflow_points_at_are_at_a_development_host() -> None:
    pattern = re.compile(rb"sourceMappingURL=https://sourcemaps\.dev\.")
    linked = {name for name, data in members("mlflow==2.19.0").items() if pattern.search(data)}

    assert set(paths("mlflow==2.19.0", "remote-source-map")) == linked


def test_leftovers_of_jupyterlab_are_counted_by_their_endings() -> None:
    names = members("jupyterlab==4.3.4")

    assert set(paths("jupyterlab==4.3.4", "editor-junk")) == {
        name for name in names if name.endswith((".orig", ".bak", "~")) or "/.vscode/" in name
    }


def test_debug_information_of_spacy_is_what_readelf_sees(tmp_path: Path) -> None:
    wanted = set()
    for name, data in members("spacy==3.8.2").items():
        if data.startswith(b"\x7fELF"):
            (tmp_path / "x").write_bytes(data)
            command = [needed("readelf"), "--sections", "--wide", str(tmp_path / "x")]
            done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603
            if b".debug_info" in done.stdout:
                wanted.add(name)

    assert set(paths("spacy==3.8.2", "debug-information")) == wanted


def test_the_name_in_langdetect_is_on_all_members() -> None:
    spec = "langdetect==1.0.9 (sdist)"
    with tarfile.open(fetched(spec)) as archive:
        owners = Counter(member.uname for member in archive)
    (finding,) = (f for f in report(spec)["findings"] if f["rule"] == "personal-identity")

    assert owners == {"mimino": 88}
    assert finding["evidence"]["owners"] == ["mimino"]
    assert finding["evidence"]["members"] == 88


def test_names_at_the_top_of_lightning_are_its_own_and_two_others() -> None:
    tops = {name.partition("/")[0] for name in members("pytorch_lightning==0.7.6")}

    assert tops - set(paths("pytorch_lightning==0.7.6", "foreign-top-level-name")) == {
        "pytorch_lightning",
        "pytorch_lightning-0.7.6.dist-info",
    }
