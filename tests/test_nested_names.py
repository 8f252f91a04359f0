"""A `!` in a file's name makes it no member of a nested archive: nothing hides behind one."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from auditor.advice import outer
from auditor.scan import Request, scan
from tests import distributions as make

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model import Report
    from tests.conftest import Pack

PLAIN = "demo_kit-1.0-1-py3-none-any.whl"


def found(path: Path) -> Report:
    return scan(Request(targets=(str(path),)))


def rules(report: Report) -> set[tuple[str, str]]:
    return {(one.rule, one.location.path) for one in report.findings}


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


@pytest.mark.parametrize("name", ["evil!x.py", "demo_kit/!x.py", "a.zip!b.py"])
def test_a_file_that_record_does_not_list_is_told(tmp_path: Path, name: str) -> None:
    wheel = make.wheel(tmp_path, change=lambda members: members.update({name: b"import os\n"}))

    assert ("unrecorded-file", name) in rules(found(wheel))


def test_what_acts_when_python_starts_is_told(tmp_path: Path) -> None:
    code = "import os; os.system('id')\n"
    wheel = make.wheel(tmp_path, {"a!b.pth": code})
    plain = make.wheel(tmp_path, {"ab.pth": code}, name=PLAIN)

    told = {rule for rule, path in rules(found(plain)) if path == "ab.pth"}
    assert told
    assert {rule for rule, path in rules(found(wheel)) if path == "a!b.pth"} == told


def test_it_is_counted_and_judged_as_any_other_file(pack: Pack) -> None:
    one = found(pack({"lib/a!b.test.js": "x" * 700, "lib/c.js": "y"}))
    other = found(pack({"lib/ab.test.js": "x" * 700, "lib/c.js": "y"}))

    def told(report: Report) -> tuple[object, ...]:
        artifact = report.artifacts[0]
        shares = [(share.kind, share.files, share.size) for share in artifact.shares]
        return artifact.files, artifact.unpacked, shares, {rule for rule, _ in rules(report)}

    assert told(one) == told(other)


def test_what_a_nested_archive_holds_is_still_no_file_of_the_package(pack: Pack) -> None:
    report = found(pack({"lib/a.zip": zipped({"b!c.js": b"x" * 700, "d.js": b""})}))

    assert report.artifacts[0].files == 2  # and package.json


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("lib/a.zip!b/c.js", "lib/a.zip"),
        ("a.zip!b.zip!c", "a.zip"),
        ("a.zip!!c", "a.zip"),
        ("lib/a.js", "lib/a.js"),
        ("!a", "!a"),
        ("!", "!"),
        ("lib/!a", "lib/!a"),
        ("!a.zip!b", "!a.zip"),
    ],
)
def test_the_file_that_can_be_left_out_is_one_that_has_a_name(path: str, file: str) -> None:
    assert outer(path) == file
