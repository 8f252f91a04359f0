"""Pages and lists written from rules and program; `python -m auditor.docs` renews them.

What is written: `docs/rules/<id>.md`, and in README.md the blocks between `<!-- NAME:begin -->`
and `<!-- NAME:end -->` (the list of rules, the help texts, what commands say of our own fixtures),
and the JSON Schema of policy files. A test says when they are stale.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import policyfile, rulebook, rulefile
from auditor.errors import UsageError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.rulebook import FileSpec, Rule, Ruleset

POLICY_SCHEMA = "auditor/schema/policy-1.json"
_EXAMPLES = {"example map": ("map", "fixtures/maps/shop")}
"""Blocks that show what a call prints."""
_BLOCK = regex(r"(<!-- (?P<name>[\w: -]+):begin -->\n).*?(<!-- (?P=name):end -->)", re.DOTALL)


def find(ruleset: Ruleset, rule_id: str, incidents: Iterable[str] = ()) -> Rule:
    """Return a rule by id; raise UsageError with a suggestion, which may be an incident."""
    rules = ruleset.by_id()
    if rule_id not in rules:
        from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

        close = get_close_matches(rule_id, (*rules, *incidents), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "; `audit rules list` lists them"
        what = "rule or incident" if incidents else "rule"
        raise UsageError(f"there is no {what} {rule_id!r}{hint}")
    return rules[rule_id]


def _worst_first(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (-rule.severity, rule.id))


def table(rules: Iterable[Rule]) -> str:
    """Return the rules as aligned lines: severity, id, title."""
    ordered = _worst_first(rules)
    width = max(len(rule.id) for rule in ordered)
    return "".join(f"{r.severity.word:<9}{r.id:<{width}}  {r.title}\n" for r in ordered)


def page(rule: Rule) -> str:
    """Return a rule's page in Markdown."""
    levels = [rule.severity.word, *dict.fromkeys(level.word for _, level in rule.severity_when)]
    facts = [
        f"severity {' or '.join(levels)}",
        f"confidence {rule.confidence.word}",
        f"judges {', '.join(sorted(kind.value for kind in rule.artifacts))}",
    ]
    if rule.exposure:
        facts.append(f"in an incident report: {rule.exposure.value}")
    if rule.since:
        facts.append(f"since {rule.since}")
    if rule.owner:
        facts.append(f"owner {rule.owner}")
    parts = [f"# {rule.id}", rule.title + ".", " · ".join(facts)]
    parts += [
        "## Why",
        filled(rule.why),
        "## Fix",
        filled(rule.fix),
        "## Example",
        _example(rule),
    ]
    if rule.false_positives:
        parts += ["## When it is wrong", "\n".join(f"- {text}" for text in rule.false_positives)]
    if rule.references:
        parts += ["## References", "\n".join(f"- {text}" for text in rule.references)]
    return "\n\n".join(parts) + "\n"


def filled(text: str) -> str:
    """Return a template for people: advice in words, fields as they are, doubled braces single."""
    text = text.replace(
        "{leave_out}", "(The report says here how to leave the file out with your packer.)"
    ).replace("{stop_emitting}", "(The report says here which setting of your build emits it.)")
    named = re.sub(r"(?<!\{)\{(\w+)(?::[a-z -]+)?\}(?!\})", r"*\1*", text)
    return named.replace("{{", "{").replace("}}", "}").strip()


def _example(rule: Rule) -> str:
    test = next(test for test in rule.tests if test.finds)
    lines = [
        f"{test.name[:1].upper()}{test.name[1:]}; given this {test.artifact.value}:",
        *_members(test.members),
    ]
    for what, members in (("manifest", test.manifest), ("earlier release", test.earlier)):
        if members:
            lines += ["", f"and this {what}:", *_members(members)]
    found = ", ".join(f"`{place}`" for place, _ in test.finds[:8])
    more = f", and {len(test.finds) - 8} more" if len(test.finds) > 8 else ""
    return "\n".join([*lines, "", f"it finds {found}{more}."])


def _members(members: Sequence[tuple[str, FileSpec]]) -> Iterator[str]:
    yield from ("", "```")
    for path, spec in members[:8]:
        text = spec.text.strip() or ("(binary)" if spec.base64 else "(empty)")
        if spec.size is not None:
            text = f"({spec.size:,} bytes)"
        yield f"{path}: {text if len(text) <= 160 else text[:157] + '...'}"
    if len(members) > 8:
        yield f"... and {len(members) - 8} more"
    yield "```"


def readme_rules(ruleset: Ruleset) -> str:
    """Return the README's list of rules."""
    rows = [
        f"| [`{rule.id}`](docs/rules/{rule.id}.md) | {rule.severity.word} | {rule.title} |"
        for rule in _worst_first(ruleset.rules)
    ]
    return "\n".join(["| rule | severity | what it finds |", "|---|---|---|", *rows]) + "\n"


def help_text(*command: str) -> str:
    """Return a command's `--help` as the program prints it at 80 columns."""
    from click.testing import CliRunner  # noqa: PLC0415 - the rule pages do without it

    from auditor.cli import cli  # noqa: PLC0415

    call = (*command, "--help")
    done = CliRunner().invoke(cli, call, prog_name="audit", terminal_width=80)
    if done.exit_code:
        raise UsageError(f"there is no command {' '.join(command)!r}")
    return f"```console\n$ audit {' '.join(call)}\n{done.output}```\n"


def example_text(*call: str) -> str:
    """Return what a call prints, started in the repository's own folder."""
    from click.testing import CliRunner  # noqa: PLC0415 - see help_text

    from auditor.cli import cli  # noqa: PLC0415

    done = CliRunner().invoke(cli, call, prog_name="audit", standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return f"```console\n$ audit {' '.join(call)}\n{done.output}```\n"


def splice(readme: str, ruleset: Ruleset) -> str:
    """Return the README with every block written anew; raise UsageError for an unknown one."""

    def renewed(match: re.Match[str]) -> str:
        name = match["name"]
        if name == "rules":
            body = readme_rules(ruleset)
        elif name.startswith("help"):
            body = help_text(*name.split()[1:])
        elif name in _EXAMPLES:
            body = example_text(*_EXAMPLES[name])
        else:
            return match[0]
        return f"{match[1]}{body}{match[3]}"

    return _BLOCK.sub(renewed, readme)


def pages(ruleset: Ruleset) -> dict[str, str]:
    """Return the text of every file below docs/rules by name."""
    return {f"{rule.id}.md": page(rule) for rule in ruleset.rules}


def policy_schema() -> str:
    """Return the JSON Schema of a policy file, made from the shapes that read it."""
    return json.dumps(policyfile.schema(), indent=2, ensure_ascii=False) + "\n"


def main(root: Path) -> int:
    """Write README blocks, pages and schema below `root`; return the number of files changed."""
    ruleset = rulefile.load((rulebook.builtin_folder(),), tests=True)
    folder = root / "docs" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / name: text for name, text in pages(ruleset).items()}
    readme = root / "README.md"
    wanted[readme] = splice(readme.read_text(encoding="utf-8"), ruleset)
    wanted[root / POLICY_SCHEMA] = policy_schema()
    changed = 0
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed += 1
    for path in folder.glob("*.md"):
        if path not in wanted:
            path.unlink()
            changed += 1
    return changed


__all__ = ["filled", "find", "main", "page", "pages", "splice", "table"]

if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(__file__).parent.parent)} files written\n")
