"""What the workflow says in `with:`, read from the variables that `action.yml` makes of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from auditor.errors import UsageError
from auditor.model import Profile, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "INPUT_"
E = TypeVar("E", bound=StrEnum)


class Mode(StrEnum):
    """What is audited, by the command that does it."""

    PACK = "pack"
    LOCK = "lock"
    TRIAGE = "triage"


class Inputs(Struct, frozen=True, kw_only=True):
    """The inputs of one run; lists are written one item a line."""

    mode: Mode = Mode.PACK
    path: tuple[str, ...] = (".",)
    artifact: tuple[str, ...] = ()
    """Patterns of built files; where there are any, they are audited in place of `path`."""
    packer: str = ""
    ignore_scripts: bool = False
    config: str = ""
    baseline: str = ""
    fail_on: str = ""
    """Empty for what the policy file says, as `profile`."""
    fail: bool = True
    """The job fails by the verdict; else it only reports."""
    profile: str = ""
    format: str = "console"
    reports: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    """Further options of the command, one word a line."""
    compare: bool = True
    base_ref: str = ""
    base_setup: str = ""
    """A command that makes the base ready to be packed."""
    upload_sarif: bool = False


def read(environment: Mapping[str, str]) -> Inputs:
    """Return the inputs; raise UsageError, naming the input, for a value that means nothing.

    An input that is not there, or blank, is the default: `action.yml` has the same ones.
    """
    said = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value.strip()
    }
    plain = Inputs()
    found = Inputs(
        mode=Mode(_word(said, "mode", plain.mode.value, [mode.value for mode in Mode])),
        path=_lines(said, "path") or plain.path,
        artifact=_lines(said, "artifact"),
        packer=said.get("packer", "").strip(),
        ignore_scripts=_truth(said, "ignore_scripts", default=plain.ignore_scripts),
        config=said.get("config", "").strip(),
        baseline=said.get("baseline", "").strip(),
        fail_on=_word(said, "fail_on", "", [level.word for level in Severity]),
        fail=_truth(said, "fail", default=plain.fail),
        profile=_word(said, "profile", "", [profile.value for profile in Profile]),
        format=said.get("format", plain.format).strip(),
        reports=_lines(said, "reports"),
        arguments=_lines(said, "arguments"),
        compare=_truth(said, "compare", default=plain.compare),
        base_ref=said.get("base_ref", "").strip(),
        base_setup=said.get("base_setup", "").strip(),
        upload_sarif=_truth(said, "upload_sarif", default=plain.upload_sarif),
    )
    if found.artifact and found.mode is not Mode.PACK:
        raise UsageError("the input 'artifact' is a built file, which mode 'pack' alone audits")
    return found


def _lines(said: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in said.get(name, "").splitlines() if line.strip())


def _truth(said: Mapping[str, str], name: str, *, default: bool) -> bool:
    return _word(said, name, "true" if default else "false", ("true", "false")) == "true"


def _word(said: Mapping[str, str], name: str, default: str, known: Iterable[str]) -> str:
    value = said.get(name, default).strip()
    words = list(known)
    if value not in words and value != default:
        shown = name.replace("_", "-")
        raise UsageError(f"the input {shown!r} takes one of {', '.join(words)}, not {value!r}")
    return value
