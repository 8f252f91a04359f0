"""A Python distribution: its file name, and the documents that describe it; no fact of its own.

Rests on the specifications "Binary distribution format" (wheel file names, dist-info), "Source
distribution format" and "Core metadata" of the Python packaging user guide (PEP 427, 491, 625).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import pep
from auditor.facts import Contents, Reader
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts import Hits
    from auditor.model import Member

DIST_INFO = ".dist-info"
SITE = frozenset({"purelib", "platlib"})
"""The install schemes that end in site-packages."""
_DOCUMENTS = frozenset({"WHEEL", "METADATA", "RECORD", "entry_points.txt", "top_level.txt"})
_AT_ROOT = frozenset({"PKG-INFO", "pyproject.toml"})
_HEADER = regex(r"(?m)^([A-Za-z-]+):[ \t]*(.*?)[ \t]*\r?$")
_LARGEST_HEAD = 256 * 1024


class DocumentSeen(Struct, frozen=True, kw_only=True):
    """One document that describes a distribution, as bytes."""

    path: str
    data: bytes

    @property
    def text(self) -> str:
        """The document as text; bytes that are not UTF-8 are replaced."""
        return self.data.decode("utf-8-sig", "replace")


def is_document(member: Member) -> bool:
    """Ask for PKG-INFO and pyproject.toml at the root, and what lies in a dist-info there."""
    folder, _, name = member.path.rpartition("/")
    if not folder:
        return name in _AT_ROOT
    return name in _DOCUMENTS and folder.endswith(DIST_INFO) and "/" not in folder


def read(member: Member, data: bytes, _: Hits) -> Iterator[DocumentSeen]:
    """Leave the document."""
    yield DocumentSeen(path=member.path, data=data)


class SdistSeen(Struct, frozen=True, kw_only=True):
    """The sdist of the same release: its paths below the root folder, and digests of its texts."""

    label: str
    paths: frozenset[str]
    digests: frozenset[bytes] = frozenset()


class Distribution(Struct, frozen=True, kw_only=True):
    """What a wheel or sdist says it is, by its file name first and its metadata second."""

    name: str
    """As the file name spells it, before the first `-`; else as the metadata does."""
    version: str
    tags: str = ""
    """Of a wheel: `py3-none-any`, as the file name spells it; empty where it has none."""
    dist_infos: tuple[str, ...] = ()
    """Every dist-info folder at a wheel's root."""
    dist_info: str = ""
    """The one that installers take: that of the file's name, else the only one there is."""
    documents: dict[str, bytes]
    """The describing documents by path; of repeated paths the last."""

    @property
    def project(self) -> str:
        """The project's name as an index compares it (PEP 503)."""
        return pep.normalised(self.name)

    @property
    def release(self) -> tuple[str, str]:
        """Project and version, so that all spellings of one release are equal."""
        try:
            return self.project, str(pep.version(self.version))
        except ValueError:  # InvalidVersion, or a number of thousands of digits
            return self.project, self.version

    @property
    def title(self) -> str:
        """The project's name as its metadata spells it, where that is the name of the file."""
        said = headers(self.document("METADATA") or b"").get("Name", "")
        return said if pep.normalised(said) == self.project else self.name

    @property
    def requires(self) -> bool:
        """Whether a wheel asks for other projects."""
        return b"\nRequires-Dist:" in (self.document("METADATA") or b"")

    def document(self, name: str) -> bytes | None:
        """Return a document of the dist-info, or of an sdist's root; None where it is missing."""
        path = f"{self.dist_info}/{name}" if self.dist_info else name
        return self.documents.get(path)


def distribution_of(contents: Contents) -> Distribution:
    """Return what a wheel or sdist says it is; what neither name nor metadata tells is empty."""
    made_of = contents.kind, contents.file, contents.members, contents.of(DocumentSeen)
    return contents.once("distribution", lambda: _distribution(contents), *made_of)


def _distribution(contents: Contents) -> Distribution:
    documents = {seen.path: seen.data for seen in contents.of(DocumentSeen)}
    if contents.kind is ArtifactKind.WHEEL:
        return _wheel(contents, documents)
    stem = re.sub(r"(?i)\.(?:tar\.\w+|tgz|zip)\Z", "", contents.file)
    name, _, version = stem.rpartition("-")
    said = headers(documents.get("PKG-INFO", b""))
    return Distribution(
        name=said.get("Name", name),
        version=said.get("Version", version),
        documents=documents,
    )


def _wheel(contents: Contents, documents: dict[str, bytes]) -> Distribution:
    folders = dict.fromkeys(
        head
        for member in contents.members
        if (head := member.path.partition("/")[0]).endswith(DIST_INFO) and "/" in member.path
    )
    name, version, tags = split_wheel_name(contents.file)
    wanted = f"{name}-{version}{DIST_INFO}"
    same = [folder for folder in folders if _key(folder) == _key(wanted)]
    dist_info = wanted if wanted in folders else next(iter(same or folders), "")
    said = headers(documents.get(f"{dist_info}/METADATA", b""))
    return Distribution(
        name=name or said.get("Name", ""),
        version=version or said.get("Version", ""),
        tags=tags,
        dist_infos=tuple(folders),
        dist_info=dist_info,
        documents=documents,
    )


def scheme_of(path: str) -> tuple[str, str]:
    """Return the install scheme of a wheel's member, and its path there.

    What lies at the root is `purelib` as far as paths go (Root-Is-Purelib decides between two
    folders that are one nearly everywhere). `X.data/SCHEME/REST` names its scheme itself. A
    dist-info's own scheme is `dist-info`. Members of nested archives land nowhere: ask of others.
    """
    head, slash, rest = path.partition("/")
    if slash and head.endswith(".data"):
        scheme, _, below = rest.partition("/")
        return scheme, below
    if slash and head.endswith(DIST_INFO):
        return "dist-info", rest
    return "purelib", path


def split_wheel_name(file: str) -> tuple[str, str, str]:
    """Return name, version and tags of a wheel's file name as spelled; empty where it is none."""
    parts = file.removesuffix(".whl").split("-")
    if not file.endswith(".whl") or len(parts) not in {5, 6}:
        return "", "", ""
    return parts[0], parts[1], "-".join(parts[-3:])


def headers(document: bytes) -> dict[str, str]:
    """Return the single-line headers of METADATA, PKG-INFO or WHEEL; of repeated ones the first."""
    head = document[:_LARGEST_HEAD].decode("utf-8", "replace").partition("\n\n")[0]
    found: dict[str, str] = {}
    for name, value in _HEADER.findall(head):
        found.setdefault(name, value)
    return found


def _key(dist_info: str) -> str:
    """Return a dist-info's name so that spellings of one name and version are equal."""
    name, _, version = dist_info.removesuffix(DIST_INFO).partition("-")
    return f"{pep.normalised(name)}-{version.replace('_', '-').lower()}"


READER = Reader(
    endings=frozenset(name.rpartition(".")[2].lower() for name in _DOCUMENTS | _AT_ROOT),
    wants=is_document,
    read=read,
)
