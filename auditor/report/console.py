"""The report for a person at a terminal: verdict, what would be out, findings, sizes, fixes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor import fixes, words
from auditor.exposure import Level, Triage
from auditor.lazyre import regex
from auditor.model import Artifact, Finding, Gap, Report, Severity, Verdict
from auditor.report import ReportFormat, View, _aside, _comparison, _disclosed, _incident
from auditor.report._incident import Role
from auditor.report._terminal import printed
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

    from auditor.shipped import Comparison

T = TypeVar("T")

SHOWN = 3
"""Places of one rule that are listed before the rest is counted."""
GAPS_SHOWN = 10
QUIET_SHOWN = 10
"""Lockfiles without findings that are named before the rest is counted."""
MESSAGE = 160
CRITICAL_MESSAGE = 600
REPEATED = 60
"""Characters from which a sentence of a fix is not said twice."""
_ITEM = regex(r" |[-*]|\d+\. ")
"""How a line of a fix begins that stands alone: one to type, or of a list."""
_SENTENCE = regex(r"(?<=[.:)])\s+(?=[A-Z(])")
BAR = 24

_STYLE = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_LEVEL = {
    Level.COMPROMISED: "bold red",
    Level.EXPOSED: "red",
    Level.WAS_EXPOSED: "yellow",
    Level.NOT_EXAMINED: "magenta",
    Level.NOT_FOUND: "green",
}
_SIGN = {"+": "green", "-": "red", "~": "yellow"}
_VERDICT = {
    Verdict.PASS: ("PASS", "bold green"),
    Verdict.FAIL: ("FAIL", "bold red"),
    Verdict.INCOMPLETE: ("INCOMPLETE", "bold magenta"),
}


def render(report: Report, view: View) -> str:
    """Return the report as text, with ANSI colours where the view has them."""
    return printed(view, lambda console: _Printer(console, report, view).print())


class _Printer:
    """Prints one report; every text of the artifact goes through `safe`."""

    def __init__(self, console: Console, report: Report, view: View) -> None:
        self._console = console
        self._report = report
        self._view = view
        self._said: set[str] = set()
        """Fixes and their sentences: advice on one artifact is the same for many rules."""

    def print(self) -> None:
        report = self._report
        if report.triage is not None:
            self._triage(report.triage)
            return
        read = report.artifacts or report.findings or report.inventories
        if len(report.gaps) == 1 and not read:
            self._nothing(report.gaps[0])
            return
        self._verdict()
        if self._view.quiet:
            return
        told = dict.fromkeys(
            [a.source for a in self._report.artifacts]
            + [f.location.source for f in self._report.findings]
            + [g.location.source for g in self._report.gaps]
        )
        artifacts = _by(self._report.artifacts, lambda one: one.source)
        rows = _by(self._report.inventories, lambda row: str(row["source"]))
        gaps = _by(self._report.gaps, lambda one: one.location.source)
        findings = _by(self._report.findings, lambda one: one.location.source)
        for source in told:
            for artifact in artifacts[source]:
                self._artifact(artifact)
            for row in rows[source]:
                self._line()
                self._inventory(row)
            self._gaps(gaps[source])
            self._rules(findings[source])
            for artifact in artifacts[source]:
                self._shares(artifact)
        rest = [row for row in self._report.inventories if row["source"] not in told]
        self._unremarkable(rest)
        self._aside()
        if self._view.verbose:
            for one in self._report.data:
                self._line(Text(safe(one), "dim"))

    def _triage(self, triage: Triage) -> None:
        """Print an incident report; its findings are in the machine-readable ones."""
        line = Text.assemble((f" {triage.level.value.upper()} ", f"{_LEVEL[triage.level]} reverse"))
        self._line(line.append(f" {safe(_incident.summary(triage))}"))
        if self._view.quiet:
            return
        for one in _incident.lines(triage, self._report.gaps, every=self._view.verbose):
            self._told(one)

    def _told(self, line: _incident.Line) -> None:
        role, text = line.role, safe(line.text, CRITICAL_MESSAGE)
        style = _LEVEL[line.level] if line.level else ""
        if role in {Role.TITLE, Role.INCIDENT}:
            self._line()
        if role is Role.TITLE:
            self._line(Text(text, f"bold {style}"))
        elif role is Role.INCIDENT:
            self._line(Text.assemble((safe(line.head), f"bold {style}"), f"  {text}"))
        elif role is Role.PLACE:
            level = line.level.value if line.level else ""
            self._line(Text.assemble((f"{level:<12} ", style), (text, "bold")), indent=2)
        elif role is Role.STEP:
            table = Table.grid(padding=(0, 1))
            table.add_row(Text(line.head, "green"), text)
            self._console.print(Padding(table, (0, 0, 0, 2)))
        elif role is Role.COMMAND:
            self._line(Text(text, "bold"), indent=6)
        elif role is Role.ITEM:
            head = f"{safe(line.head)}: " if line.head else ""
            self._line(Text.assemble((head, "bold"), text), indent=2)
        else:
            indent = {Role.TEXT: 2, Role.HIT: 4, Role.DETAIL: 6}[role]
            self._line(Text(text, "dim" if role in {Role.TEXT, Role.DETAIL} else ""), indent=indent)

    def _unremarkable(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Print the lockfiles about which there is nothing more to say."""
        shown = len(rows) if self._view.verbose else QUIET_SHOWN
        if rows:
            self._line()
        for row in rows[:shown]:
            self._inventory(row)
        if len(rows) > shown:
            packages = sum(int(str(row["count"])) for row in rows[shown:])
            more = words.counted(len(rows) - shown, "file")
            told = f"… and {more} more with {words.counted(packages, 'package')} (-v lists them)"
            self._line(Text(told, "dim"))

    def _inventory(self, row: Mapping[str, object]) -> None:
        """Print what was read of a lockfile: packages by section, and each if they are listed."""
        sections = row["sections"]
        counts = sections.items() if isinstance(sections, dict) else ()
        version = f" {row['format_version']}" if row["format_version"] else ""
        line = Text(safe(str(row["source"])), "bold")
        count = int(str(row["count"]))
        read = f"  {row['format']}{version} · read {words.counted(count, 'package')}"
        line.append(safe(read), "not bold")
        if len(counts) > 1:
            each = ", ".join(f"{name} {number:,}" for name, number in counts)
            line.append(safe(f" from {len(counts)} sections ({each})"), "not bold")
        self._line(line)
        packages = row.get("packages")
        for package in packages if isinstance(packages, list) else ():
            self._line(safe(f"{package['name']} {package['version']}"), indent=2)

    def _line(self, text: Text | str = "", indent: int = 0) -> None:
        shown = Text(text) if isinstance(text, str) else text
        self._console.print(Padding(shown, (0, 0, 0, indent)) if indent else shown)

    def _verdict(self) -> None:
        report = self._report
        word, style = _VERDICT[report.verdict]
        line = Text.assemble((f" {word} ", f"{style} reverse"), " ")
        counts = [
            words.counted(sum(f.severity is level for f in report.findings), level.word, level.word)
            for level in sorted(Severity, reverse=True)
            if any(f.severity is level for f in report.findings)
        ]
        line.append(", ".join(counts) if counts else "no findings")
        if report.suppressed:
            line.append(f"; {_aside.counts(report.suppressed)}")
        if report.gaps:
            things = words.counted(len(report.gaps), "thing")
            line.append(f"; {things} could not be examined", "bold magenta")
        if report.verdict is Verdict.FAIL:
            line.append(f" (fails from {report.threshold.word} up)", "dim")
        self._line(line)

    def _nothing(self, gap: Gap) -> None:
        """Print the one line of a call that could read nothing at all."""
        word, style = _VERDICT[self._report.verdict]
        place = safe(gap.location.path or gap.location.source)
        reason = safe(gap.reason, 600).removeprefix(place).lstrip(": ")
        line = Text.assemble((f" {word} ", f"{style} reverse"), " ", (place, "bold"), f": {reason}")
        self._console.print(line, soft_wrap=True)

    def _rules(self, findings: Sequence[Finding]) -> None:
        """Print what was found in one source, the rule with the worst finding first."""
        groups = _by(findings, lambda one: one.rule)
        worst = {rule: max(one.severity for one in group) for rule, group in groups.items()}
        for rule in sorted(groups, key=lambda name: (-worst[name], name)):
            self._rule(rule, groups[rule])

    def _artifact(self, artifact: Artifact) -> None:
        self._line()
        title = Text(safe(f"{artifact.name} {artifact.version}".strip() or artifact.source), "bold")
        facts = [artifact.kind.value.replace("-", " ")]
        if artifact.packer:
            facts.append(f"as {artifact.packer} packs it")
        facts.append(words.counted(artifact.files, "file"))
        if artifact.packed is not None:
            facts.append(f"{words.size(artifact.packed)} packed")
        facts.append(f"{words.size(artifact.unpacked)} unpacked")
        title.append(f"  {' · '.join(facts)}", "not bold")
        self._line(title)
        if artifact.name:
            self._line(Text(safe(artifact.source), "dim"))
        for note in artifact.notes:
            self._line(Text(f"note: {safe(note)}", "yellow"))
        self._disclosure(artifact)
        for comparison in artifact.compared:
            self._compared(comparison)

    def _compared(self, comparison: Comparison) -> None:
        """Print what ships now and did not, and the other way round."""
        self._line()
        for line in _comparison.lines(comparison, every=self._view.verbose):
            parts = tuple(safe(part) for part in line.parts)
            if line.role is _comparison.Role.HEAD:
                self._line(Text.assemble((" ".join(parts[:-1]), "bold"), f": {parts[-1]}"))
            elif line.role is _comparison.Role.DIFF:
                self._line(Text(safe(line.text), _SIGN.get(line.text[:1], "")), indent=4)
            else:
                self._line(Text(" ".join(parts), _SIGN.get(line.sign, "dim")), indent=2)

    def _aside(self) -> None:
        """Print what policy set aside, and on whose word; each finding with -v alone."""
        for number, group in enumerate(_aside.groups(self._report.suppressed)):
            if number == 0:
                self._line()
                self._line(Text("set aside", "bold"))
            count = f" ×{len(group.findings):,}" if len(group.findings) > 1 else ""
            head = Text.assemble((f"{safe(group.rule)}{count}", "bold"), f": {safe(group.why)}")
            self._line(head, indent=2)
            for finding in group.findings if self._view.verbose else ():
                self._line(Text(safe(finding.message, MESSAGE), "dim"), indent=4)

    def _disclosure(self, artifact: Artifact) -> None:
        out = artifact.discloses
        if out is None or not out.files:
            return
        line = Text.assemble(
            (f"{words.counted(out.maps, 'source map')} ", "bold"),
            "gives back " if out.maps == 1 else "give back ",
            (words.counted(out.files, "file"), "bold"),
            f", {words.counted(out.lines, 'line')}, {words.size(out.size)} of first-party source",
        )
        if out.third_party_files:
            line.append(
                f" (and {words.counted(out.third_party_files, 'file')} of libraries)", "dim"
            )
        self._line(line)
        if told := _disclosed.details(out):
            self._line(Text(told, "dim"), indent=2)

    def _gaps(self, gaps: Sequence[Gap]) -> None:
        shown = len(gaps) if self._view.verbose else GAPS_SHOWN
        if gaps:
            self._line()
            self._line(Text("not examined", "bold magenta"))
        for gap in gaps[:shown]:
            place = safe(gap.location.path or gap.location.source)
            self._line(Text.assemble((place, "bold"), f": {safe(gap.reason)}"), indent=2)
        if len(gaps) > shown:
            self._line(f"… and {len(gaps) - shown:,} more (-v lists them)", indent=2)

    def _rule(self, rule: str, findings: list[Finding]) -> None:
        worst = max(f.severity for f in findings)
        quiet = worst < min(self._report.threshold, Severity.MEDIUM)
        self._line()
        head = Text.assemble((f"{worst.word:<7} ", _STYLE[worst]), (rule, "bold"))
        head.append(f" ×{len(findings):,}" if len(findings) > 1 else "")
        head.append(f"  {findings[0].title}", "dim")
        self._line(head)
        shown = len(findings) if self._view.verbose else 1 if quiet else SHOWN
        ranked = sorted(findings, key=lambda f: (-f.severity, -_weight(f)))
        for index, finding in enumerate(ranked[:shown]):
            level = "" if finding.severity == worst else f"{finding.severity.word}: "
            longest = MESSAGE if finding.severity < Severity.CRITICAL else CRITICAL_MESSAGE
            self._line(level + safe(finding.message, longest), indent=2)
            if index == 0 or self._view.verbose:
                for line in _sample(finding, self._view.width - 4):
                    self._line(Text(line, "dim"), indent=4)
        if len(findings) > shown and not quiet:  # of those the head has the number
            self._line(Text(_more(ranked[shown:]), "dim"), indent=2)
        if not quiet or self._view.verbose:
            most = None if self._view.verbose else fixes.MOST
            self._fix(fixes.joined((finding.fix for finding in ranked), most))

    def _fix(self, fix: str) -> None:
        """Print a fix; what another finding has said already is not said again."""
        lines = [safe(line, 400) for line in fix.splitlines()]
        paragraphs = [" ".join(group) for group in _paragraphs(lines)]
        whole = "\n".join(paragraphs)
        if whole in self._said:
            shown = ["as above"]
        else:
            self._said.add(whole)
            shown = [text for text in map(self._unsaid, paragraphs) if text]
            if sum(map(_is_step, shown)) < sum(map(_is_step, paragraphs)):
                shown.append("(the other steps as above)")
        for index, paragraph in enumerate(shown):
            mark = ("fix: ", "green") if index == 0 else ("     ", "")
            self._line(Text.assemble(mark, paragraph), indent=2)

    def _unsaid(self, paragraph: str) -> str:
        """Return a paragraph without the long sentences that stood in an earlier fix."""
        if paragraph.startswith(" "):  # a line to type
            return paragraph
        if _is_step(paragraph):
            text = paragraph.partition(" ")[2]
            said = text in self._said
            self._said.add(text)
            return "" if said else paragraph
        sentences = [s for s in _SENTENCE.split(paragraph) if s not in self._said]
        self._said.update(s for s in sentences if len(s) > REPEATED)
        return " ".join(sentences)

    def _shares(self, artifact: Artifact) -> None:
        if not artifact.shares or not artifact.unpacked:
            return
        self._line()
        total = artifact.unpacked
        for share in artifact.shares[: None if self._view.verbose else 4]:
            part = share.size / total
            bar = "█" * round(part * BAR)
            self._line(
                Text.assemble(
                    f"{share.kind:<18}{words.size(share.size):>10}{share.files:>8,}  ",
                    (f"{bar:<{BAR}}", "blue"),
                    f" {part:>4.0%}",
                )
            )
        rest = artifact.shares[4:]
        if rest and not self._view.verbose:
            size = words.size(sum(share.size for share in rest))
            files = sum(share.files for share in rest)
            self._line(f"{'other kinds':<18}{size:>10}{files:>8,}")


def _is_step(paragraph: str) -> bool:
    """Tell whether a paragraph is a numbered step."""
    return paragraph[:1].isdigit() and _ITEM.match(paragraph) is not None


def _by(things: Iterable[T], key: Callable[[T], str]) -> Mapping[str, list[T]]:
    """Return things by what they have in common: there may be a hundred thousand of them."""
    groups: dict[str, list[T]] = defaultdict(list)
    for thing in things:
        groups[key(thing)].append(thing)
    return groups


def _weight(finding: Finding) -> int:
    """How much a finding is about: the lines it gives back, else the bytes it takes."""
    for name in ("undisclosed_lines", "first_party_lines", "size", "count"):
        value = finding.evidence.get(name)
        if isinstance(value, int):
            return value
    return 0


def _sample(finding: Finding, width: int) -> Iterator[str]:
    """Yield one line with as many of the sample's names as fit."""
    sample = finding.evidence.get("sample")
    if not isinstance(sample, tuple) or not sample:
        return
    line = ""
    for name in sample:
        more = f"{line}, {_tail(safe(name))}" if line else _tail(safe(name))
        if line and len(more) > width - 3:
            break
        line = more
    yield f"{line}, …"


def _tail(path: str) -> str:
    """Return the end of a long path, which tells more than its beginning."""
    return path if len(path) <= 48 else f"…/{'/'.join(path.split('/')[-2:])[-46:]}"


def _more(findings: Sequence[Finding]) -> str:
    folders = {f.location.path.rpartition("/")[0] for f in findings}
    where = f" in {words.counted(len(folders), 'folder')}" if len(folders) > 1 else ""
    return f"… and {len(findings):,} more{where} (-v lists them)"


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    """Join wrapped lines; an indented line, or one that starts a list, stands alone."""
    current: list[str] = []
    for line in lines:
        if not line.strip() or _ITEM.match(line):
            if current:
                yield current
            current = []
            if line.strip():
                yield [line]
        else:
            current.append(line.strip())
    if current:
        yield current


REPORT = ReportFormat(name="console", render=render)
