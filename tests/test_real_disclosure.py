"""What maps in real wheels give back, source by source, against a plain JSON parser's count.

`mlflow==2.19.0` and `gradio==5.9.1` are what was looked at by hand: 52 maps, of which the nine
scripts of another build name an internal host for theirs; and 118 of 213 MB in maps. Here zipfile,
json and a digit by digit decoder of mappings count; nothing of ours.
"""

from __future__ import annotations

import functools
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.real import audited
from tests.test_map_mappings import decoded
from tests.test_real_distributions import fetched

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.registry

WHEELS = ("mlflow==2.19.0", "gradio==5.9.1")
LIBRARY = re.compile(r"node_modules|/webpack/(?:runtime|bootstrap)|^\0|/vite/(?:preload|modulepre)")
OBJECT = re.compile(r"""\bmap: (['`])(\{"version":3,(?:(?!\1)[^\\]|\\.)*)\1""")
"""A map as a text in code, as Svelte's compiler writes that of a style sheet."""
REMOTE = re.compile(rb"//# sourceMappingURL=(https?://\S+)\s*\Z")


@dataclass(slots=True)
class Counted:
    """What is in the maps of a wheel."""

    maps: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Of each map the first-party texts: files, lines, bytes."""
    written: Counter[str] = field(default_factory=Counter)
    """Maps with first-party texts that are texts in code, by file."""
    texts: dict[str, int] = field(default_factory=dict)
    """The distinct first-party texts, blank edges aside, with their lines."""
    libraries: set[str] = field(default_factory=set)
    with_text: int = 0
    """Maps that have some text."""
    unmapped: int = 0
    """First-party texts to which no code of their own map is mapped."""
    map_bytes: int = 0
    all_bytes: int = 0
    remote: list[str] = field(default_factory=list)


def line_count(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


@functools.cache
def counted(spec: str) -> Counted:
    out = Counted()
    with zipfile.ZipFile(fetched(spec)) as archive:
        for entry in archive.infolist():
            data = archive.read(entry)
            out.all_bytes += len(data)
            if found := REMOTE.search(data):
                out.remote.append(found[1].decode())
            if entry.filename.endswith(".map"):
                out.map_bytes += len(data)
                _count(out, entry.filename, json.loads(data))
            elif entry.filename.endswith(".js"):
                for _, text in OBJECT.findall(data.decode()):
                    _count(out, "", json.loads(re.sub(r"\\(.)", r"\1", text)))
                    out.written[entry.filename] += bool(out.maps.pop("", (0, 0, 0))[0])
    out.written = +out.written
    return out


def _count(out: Counted, name: str, document: dict[str, Any]) -> None:
    texts = document.get("sourcesContent") or []
    met = _mapped(document["mappings"])
    rows = [
        (index, source, text)
        for index, (source, text) in enumerate(zip(document["sources"], texts, strict=False))
        if text
    ]
    own = [(index, text) for index, source, text in rows if not LIBRARY.search(source)]
    if rows:
        out.with_text += 1
        sizes = sum(len(text.encode()) for _, text in own)
        out.maps[name] = (len(own), sum(line_count(text) for _, text in own), sizes)
    out.texts |= {plain(text): line_count(text) for _, text in own}
    out.libraries |= {plain(text) for _, source, text in rows if LIBRARY.search(source)}
    out.unmapped += sum(index not in met for index, _ in own) if met else 0


def plain(text: str) -> str:
    """Return a text without what a build step adds, which does not make it another one."""
    lines = text.replace("\r\n", "\n").strip()
    return re.sub(r"\s*(?://|/\*)[#@]\s*sourceMappingURL=\S+(?:\s*\*/)?\Z", "", lines)


def _mapped(mappings: str) -> set[int]:
    met, current = set(), 0
    for line in decoded(mappings):
        for segment in line:
            if len(segment) > 1:
                current += segment[1]
                met.add(current)
    return met


@functools.cache
def report(spec: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(audited(fetched(spec), "--format", "json"))
    assert document["gaps"] == []
    return document


@pytest.mark.parametrize("spec", WHEELS)
def test_each_map_gives_back_what_was_counted(spec: str) -> None:
    found = {
        one["location"]["path"]: tuple(
            one["evidence"][f"first_party_{what}"] for what in ("files", "lines", "bytes")
        )
        for one in report(spec)["findings"]
        if one["rule"] == "embedded-sources" and one["evidence"]["carrier"] == "file"
    }
    assert found == {name: row for name, row in counted(spec).maps.items() if row[0]}


@pytest.mark.parametrize("spec", WHEELS)
def test_each_map_in_code_was_counted(spec: str) -> None:
    found = Counter(
        one["location"]["path"]
        for one in report(spec)["findings"]
        if one["rule"] == "embedded-sources" and one["evidence"]["carrier"] != "file"
    )
    assert found == counted(spec).written


@pytest.mark.parametrize("spec", WHEELS)
def test_all_maps_together_give_back_what_was_counted(spec: str) -> None:
    out = report(spec)["artifacts"][0]["discloses"]
    want = counted(spec)
    assert out["maps"] == want.with_text
    assert out["first_party_files"] == len(want.texts)
    assert out["third_party_files"] == len(want.libraries - want.texts.keys())
    lines = sum(want.texts.values())
    # blank lines at the edges count for the audit, and which of two equal texts has them is open
    assert abs(out["first_party_lines"] - lines) <= len(want.texts)
    for total in ("files", "lines", "bytes"):
        assert sum(one[total] for one in out["languages"]) == out[f"first_party_{total}"]


@pytest.mark.parametrize("spec", WHEELS)
def test_nothing_was_removed_that_a_plain_decoder_finds_mapped(spec: str) -> None:
    assert counted(spec).unmapped == 0
    assert report(spec)["artifacts"][0]["discloses"]["removed_files"] == 0


def test_the_two_wheels_are_what_was_looked_at_by_hand() -> None:
    mlflow, gradio = map(counted, WHEELS)
    assert (len(mlflow.maps), len(mlflow.remote)) == (52, 9)
    assert (gradio.map_bytes // 10**6, gradio.all_bytes // 10**6) == (118, 213)


def test_the_internal_host_of_nine_maps_is_found_and_is_a_denied_word(tmp_path: Path) -> None:
    hosts = Counter(url.split("/")[2] for url in counted("mlflow==2.19.0").remote)
    ((host, times),) = hosts.items()
    assert times == 9
    remote = [f for f in report("mlflow==2.19.0")["findings"] if f["rule"] == "remote-source-map"]
    assert len(remote) == 9

    policy = tmp_path / "policy.yml"
    word = host.replace(host.split(".")[0], "*", 1)
    policy.write_text(f"deny-words: ['{word}']\n", encoding="utf-8")
    text = audited(fetched("mlflow==2.19.0"), "--format", "json", "--config", str(policy))
    found = [f for f in json.loads(text)["findings"] if f["rule"] == "denied-word"]
    assert len(found) >= 9
    assert {f["location"]["path"] for f in remote} <= {f["location"]["path"] for f in found}
