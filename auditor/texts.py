"""The texts that describe a package, and how they differ from those of an earlier one.

Of core metadata the headers count, not the description, which is the README. The comparison is
`difflib`'s, which takes the square of the lines at worst: what both texts begin and end with is
left out before, and of what is still long no lines are matched.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts.distribution import DIST_INFO, DocumentSeen
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.model import ArtifactKind
from auditor.shipped import TextChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.facts import Contents

LARGEST = 256 * 1024
"""Characters of a text that are compared."""
MATCHED = 400
"""Lines of either text, where they differ at all, that are matched with each other."""
SHOWN = 200
"""Lines of one difference."""
_AROUND = 2
"""Lines before and behind a change that are shown with it."""
_HEADS = frozenset({"METADATA", "PKG-INFO"})
_DOCUMENTS = frozenset({"WHEEL", "entry_points.txt", "pyproject.toml"}) | _HEADS


class Text(Struct, frozen=True, kw_only=True):
    """One describing text."""

    role: str
    """What it is, without the folder that has the version in its name: `METADATA`."""
    path: str
    content: str


def of(contents: Contents) -> tuple[Text, ...]:
    """Return the describing texts of an artifact, by what they are."""
    return tuple(sorted(_of(contents), key=lambda text: text.role))


def _of(contents: Contents) -> Iterator[Text]:
    manifest = manifest_of(contents)
    if manifest is not None:
        yield Text(role=MANIFEST, path=MANIFEST, content=_by_line(manifest.text))
    if contents.kind in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        for seen in {seen.path: seen for seen in contents.of(DocumentSeen)}.values():
            folder, _, role = seen.path.rpartition("/")
            if role in _DOCUMENTS and folder.endswith(DIST_INFO if folder else ""):
                text = seen.text.replace("\r\n", "\n")
                head = text.partition("\n\n")[0] if role in _HEADS else text
                yield Text(role=role, path=seen.path, content=head)


def _by_line(text: str) -> str:
    """Return JSON with a line a value, where it came without lines."""
    if "\n" in text.strip() or len(text) > LARGEST:
        return text
    return json.dumps(json.loads(text.removeprefix("\ufeff")), indent=2, ensure_ascii=False)


def changes(before: Sequence[Text], after: Sequence[Text]) -> tuple[TextChange, ...]:
    """Return how the texts differ; what one of the two does not have is a change, too."""
    olds, news = ({text.role: text for text in texts} for texts in (before, after))
    found = (_changed(olds.get(role), news.get(role)) for role in sorted(olds.keys() | news.keys()))
    return tuple(change for change in found if change is not None)


def _changed(old: Text | None, new: Text | None) -> TextChange | None:
    path = new.path if new else old.path if old else ""
    lines = list(_difference(_lines(old), _lines(new)))
    if not lines:
        return None
    return TextChange(path=path, lines=tuple(lines[:SHOWN]), left_out=max(len(lines) - SHOWN, 0))


def _lines(text: Text | None) -> list[str]:
    if text is None:
        return []
    lines = text.content[:LARGEST].splitlines()
    if len(text.content) > LARGEST:
        lines.append(f"… {len(text.content) - LARGEST:,} characters more were not compared")
    return lines


def _difference(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield a unified difference without its two lines of names."""
    for group in _groups(_steps(old, new)):
        (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
        yield f"@@ -{_range(a, b)} +{_range(c, d)} @@"
        for same, a, b, c, d in group:
            if same:
                yield from (f" {line}" for line in old[a:b])
            else:
                yield from (f"-{line}" for line in old[a:b])
                yield from (f"+{line}" for line in new[c:d])


Step = tuple[bool, int, int, int, int]
"""Whether lines are the same; from and to which in the old text and in the new one."""


def _steps(old: list[str], new: list[str]) -> list[Step]:
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    left = shorter - head
    tail = next((i for i in range(left) if old[-1 - i] != new[-1 - i]), left)
    a, b = len(old) - tail, len(new) - tail
    steps: list[Step] = [(True, 0, head, 0, head)]
    if max(a, b) - head > MATCHED:
        steps.append((False, head, a, head, b))
    else:
        from difflib import SequenceMatcher  # noqa: PLC0415 - where texts differ

        matcher = SequenceMatcher(None, old[head:a], new[head:b], autojunk=False)
        steps += [
            (tag == "equal", i + head, j + head, k + head, n + head)
            for tag, i, j, k, n in matcher.get_opcodes()
        ]
    steps.append((True, a, len(old), b, len(new)))
    return [step for step in steps if step[1] < step[2] or step[3] < step[4]]


def _groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield what stands together, each with the few lines that are the same around it."""
    group: list[Step] = []
    for number, (same, a, b, c, d) in enumerate(steps):
        if not same:
            group.append((same, a, b, c, d))
            continue
        first, last = number == 0, number == len(steps) - 1
        if not first and not last and b - a <= 2 * _AROUND:
            group.append((same, a, b, c, d))
            continue
        if not first:
            group.append((True, a, min(a + _AROUND, b), c, min(c + _AROUND, d)))
            yield group
        group = [] if last else [(True, max(b - _AROUND, a), b, max(d - _AROUND, c), d)]
    if any(not step[0] for step in group):
        yield group


def _range(start: int, end: int) -> str:
    """Return lines as unified differences have them: from 1, and how many."""
    count = end - start
    return f"{start + 1 if count else start},{count}"


__all__ = ["Text", "changes", "of"]
