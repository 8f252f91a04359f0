"""From inputs to the words of a call of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.action.inputs import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from auditor.action.inputs import Inputs


def head(
    inputs: Inputs, targets: Iterable[str], reports: Iterable[tuple[str, Path]], against: str
) -> list[str]:
    """Return the call that audits what is checked out, or what was built.

    `against` is a report of the base, or its commit for lockfiles; empty for no comparison.
    """
    words = [*_packing(inputs), "--format", inputs.format]
    for option, value in (
        ("--config", inputs.config),
        ("--baseline", inputs.baseline),
        ("--profile", inputs.profile),
        ("--fail-on", inputs.fail_on),
    ):
        words += [option, value] if value else []
    for name, path in reports:
        words += ["--report", f"{name}={path}"]
    for report in inputs.reports:
        words += ["--report", report]
    if against:
        words += ["--against", against]
    return [inputs.mode.value, *words, *inputs.arguments, "--", *targets]


def base(inputs: Inputs, targets: Sequence[str], report: Path) -> list[str]:
    """Return the call that records what the base ships: a JSON report, and the verdict alone.

    The policy of the base is nobody's concern: it is packed, not judged.
    """
    words = [*_packing(inputs), "--no-config", "--quiet", "--report", f"json={report}"]
    return [Mode.PACK.value, *words, *inputs.arguments, "--", *targets]


def _packing(inputs: Inputs) -> list[str]:
    if inputs.mode is not Mode.PACK:
        return []
    words = ["--packer", inputs.packer] if inputs.packer else []
    return [*words, "--ignore-scripts"] if inputs.ignore_scripts else words
