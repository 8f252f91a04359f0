"""The stand-in of the leak that this tool was built after: found, counted, as file and project."""

from __future__ import annotations

import pytest

from auditor.model import Report, Severity, Verdict
from auditor.scan import Request, scan
from auditor.sources.wish import Wish
from bench.standin import BUNDLE_BYTES, FILES, LINES, MAP_BYTES, Standin, build


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Standin:
    return build(tmp_path_factory.mktemp("leak"), level=1)


def check(report: Report, made: Standin) -> None:
    (finding,) = (f for f in report.findings if f.rule == "embedded-sources")

    assert report.verdict is Verdict.FAIL
    assert report.gaps == ()
    assert finding.severity is Severity.HIGH
    assert finding.location.path == "cli.js.map"
    assert finding.evidence["first_party_files"] == FILES == 1_902
    assert finding.evidence["first_party_lines"] == LINES == 512_664
    assert finding.evidence["first_party_bytes"] == made.text_bytes
    assert finding.evidence["third_party_files"] == 0
    assert finding.evidence["size"] == MAP_BYTES == 59_800_000


def test_it_has_the_leaks_measures(standin: Standin) -> None:
    bundle = standin.project / "cli.js"

    assert (standin.files, standin.lines) == (FILES, LINES)
    assert (standin.project / "cli.js.map").stat().st_size == MAP_BYTES
    assert BUNDLE_BYTES < bundle.stat().st_size < BUNDLE_BYTES + 1000
    assert bundle.read_bytes().endswith(b"//# sourceMappingURL=cli.js.map\n")
    head = (standin.project / "cli.js.map").read_bytes()[:30]
    assert head.startswith(b'{"version":3,"sources":["../')  # bun's order of keys


def test_the_tarball_fails_with_the_right_counts(standin: Standin) -> None:
    check(scan(Request(targets=(str(standin.tarball),))), standin)


@pytest.mark.packer
def test_the_project_fails_with_the_right_counts(standin: Standin) -> None:
    report = scan(Request(targets=(str(standin.project),), wish=Wish(packer="npm")))

    check(report, standin)
    (finding,) = (f for f in report.findings if f.rule == "embedded-sources")
    assert '"files": ["cli.js", "vendor"]' in finding.fix
