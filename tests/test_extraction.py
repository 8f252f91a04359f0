"""What maps give back is written byte for byte, below the folder that was named, and only there."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import UsageError
from auditor.limits import Limits
from auditor.mapscan import Request, examined
from tests.conftest import tarball
from tests.made_maps import made_map
from tests.often import often
from tests.test_map_treepath import HOSTILE, names

if TYPE_CHECKING:
    from auditor.recovery import Recovery

SHOP = Path(__file__).parent.parent / "fixtures/maps/shop"
LIST = "audit-map.json"


def extracted(target: Path, out: Path, **limits: int) -> Recovery:
    return examined(Request(target=str(target), extract=out, limits=Limits(**limits)))


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a tree by path, but for the list; there must be no links."""
    found = {}
    for path in folder.rglob("*"):
        assert not path.is_symlink()
        if path.is_file() and path != folder / LIST:
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def listed(folder: Path) -> dict[str, object]:
    found = json.loads((folder / LIST).read_text())
    assert isinstance(found, dict)
    return found


def test_a_tree_is_written_with_a_list_of_what_is_from_where(tmp_path: Path) -> None:
    found = extracted(SHOP, tmp_path / "out")

    document = json.loads((SHOP / "app.js.map").read_text())
    texts = dict(zip(document["sources"], document["sourcesContent"], strict=True))
    assert files(tmp_path / "out") == {
        name.removeprefix("../"): text.encode() for name, text in texts.items()
    }
    assert listed(tmp_path / "out") == {
        "schema_version": 1,
        "tool": {"name": "audit", "version": "0.1.0"},
        "source": str(SHOP),
        "complete": True,
        "files": [
            {
                "path": name.removeprefix("../"),
                "bytes": len(text.encode()),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "third_party": "node_modules" in name,
                "from": [{"map": "app.js.map", "source": name}],
            }
            for name, text in texts.items()
        ],
        "left_out": [],
    }
    assert found.gaps == ()
    (note,) = found.notes
    assert note.startswith("4 files, 1.4 kB written into ")


def test_the_tree_that_is_written_is_the_one_that_is_shown(tmp_path: Path) -> None:
    found = extracted(SHOP, tmp_path / "out")

    assert {one.path: one.size for one in found.files} == {
        path: len(text) for path, text in files(tmp_path / "out").items()
    }


def test_texts_come_from_every_carrier(tmp_path: Path) -> None:
    def linked(name: str) -> str:
        map_ = b64encode(made_map({name: name}).encode()).decode()
        return f"x\n//# sourceMappingURL=data:application/json;base64,{map_}\n"

    target = tmp_path / "demo-1.0.0.tgz"
    nested = tarball({"lib/b.js.map": made_map({"b.ts": "in an archive"})})
    target.write_bytes(
        tarball(
            {
                "a.js": linked("inline.ts"),
                "vendor.tgz": nested,
                "deep.map": made_map({"outer.js": linked("inner.ts")}),
            }
        )
    )

    extracted(target, tmp_path / "out")

    found = files(tmp_path / "out")
    assert found == {
        "inline.ts": b"inline.ts",
        "vendor.tgz!/package/lib/b.ts": b"in an archive",
        "outer.js": linked("inner.ts").encode(),
        "inner.ts": b"inner.ts",
    }


@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_that_holds_something_is_not_touched(tmp_path: Path, *, exists: bool) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / (LIST if exists else "mine")).write_text("mine")

    with pytest.raises(UsageError, match="is not empty"):
        extracted(SHOP, out)

    assert [path.read_text() for path in out.iterdir()] == ["mine"]


@pytest.mark.parametrize("out", [".", "out", "a/b"])
def test_a_folder_inside_of_what_is_read_is_refused(tmp_path: Path, out: str) -> None:
    with pytest.raises(UsageError, match="name a folder beside it"):
        extracted(tmp_path, tmp_path / out)

    assert list(tmp_path.iterdir()) == []


def test_each_limit_that_is_met_is_named_and_what_came_before_stands(tmp_path: Path) -> None:
    target = tmp_path / "a.map"
    target.write_text(made_map({f"{index}.ts": "x" * 1000 for index in range(10)}))

    found = extracted(target, tmp_path / "few", members=3)
    small = extracted(target, tmp_path / "small", unpacked_bytes=14_000)

    (gap,) = found.gaps
    assert gap.reason.startswith("7 texts: not extracted: limit members of 3 met")
    assert sorted(files(tmp_path / "few")) == ["0.ts", "1.ts", "2.ts"]
    few = listed(tmp_path / "few")
    assert few["complete"] is False
    assert isinstance(few["left_out"], list)
    assert [one["source"] for one in few["left_out"]] == [f"{n}.ts" for n in range(3, 10)]
    assert small.gaps == ()
    assert len(files(tmp_path / "small")) == 10


def test_different_texts_of_one_name_lie_beside_each_other(tmp_path: Path) -> None:
    target = tmp_path / "maps"
    target.mkdir()
    for name, text in (("a", "one\r\n"), ("b", "one\n"), ("c", "one\r\n"), ("d", "two")):
        (target / f"{name}.map").write_text(made_map({"src/x.ts": text}))

    extracted(target, tmp_path / "out")

    assert files(tmp_path / "out") == {
        "src/x.ts": b"one\r\n",
        "src/x (2).ts": b"one\n",
        "src/x (3).ts": b"two",
    }
    found = listed(tmp_path / "out")["files"]
    assert isinstance(found, list)
    assert found[0]["from"] == [
        {"map": "a.map", "source": "src/x.ts"},
        {"map": "c.map", "source": "src/x.ts"},
    ]


def test_the_list_is_not_overwritten_by_a_source_of_its_name(tmp_path: Path) -> None:
    target = tmp_path / "a.map"
    target.write_text(made_map({LIST: "theirs", f"{LIST}/x": "below"}))

    extracted(target, tmp_path / "out")

    assert files(tmp_path / "out") == {
        "audit-map (2).json": b"theirs",
        "audit-map (3).json/x": b"below",
    }


def test_every_hostile_name_is_written_inside(tmp_path: Path) -> None:
    target = tmp_path / "a.map"
    target.write_text(made_map([(name, f"text {n}") for n, name in enumerate(HOSTILE)]))

    extracted(target, tmp_path / "out")

    assert sorted(files(tmp_path / "out").values()) == sorted(
        f"text {n}".encode() for n in range(len(HOSTILE))
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.map", "out"]


texts = st.one_of(st.text(max_size=20), st.sampled_from(["\r\n", "\ufeffa", "\ud800", "a\u2028b"]))


@settings(deadline=None, max_examples=often(60))
@given(st.lists(st.tuples(names, texts), max_size=12), names)
def test_whatever_a_map_says_all_of_it_lands_inside_and_as_it_was(
    sources: list[tuple[str, str]], root: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        target = here / "a.map"
        target.write_text(made_map(sources, root=root))

        found = extracted(target, here / "out")

        assert sorted(os.listdir(here)) == ["a.map", "out"]  # noqa: PTH208 - names alone
        written = files(here / "out")
        carried = [text.encode("utf-8", "surrogatepass") for _, text in sources if text]
        assert set(written.values()) == set(carried)
        assert not Counter(written.values()) - Counter(carried)
        assert found.gaps == ()
