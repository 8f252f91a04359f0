"""Where generated files and maps point: to a map that is not there, or out of the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from auditor import binaries
from auditor.facts import Collector, Contents, Hits, Reader
from auditor.facts.source_map import MapSeen
from auditor.lazyre import regex
from auditor.maps import links, markup
from auditor.maps.links import LinkSeen
from auditor.model import Fact, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_STYLES = (".css", ".scss", ".less")
_MARKUP = (".html", ".htm", ".xhtml", ".svg", ".vue", ".svelte")
_REMOTE = regex(r"(?:[a-z][a-z0-9+.-]*:)?//|(?:s3|gs|az):", re.IGNORECASE)
_REMOTE_SCHEMES = frozenset({"", "http", "https", "ftp", "ftps", "s3", "gs", "az"})
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_STORAGE = (
    ".r2.dev",
    ".r2.cloudflarestorage.com",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    "storage.googleapis.com",
    "storage.cloud.google.com",
    ".blob.core.windows.net",
    ".digitaloceanspaces.com",
    ".backblazeb2.com",
    ".wasabisys.com",
    ".linodeobjects.com",
    ".aliyuncs.com",
    ".myqcloud.com",
    ".storage.yandexcloud.net",
)
_INTERNAL = regex(
    r"""(?ix)
      localhost | .*\.(?:local|localhost|localdomain|internal|corp|intranet|intra|lan|private|test)
    | .*\.home\.arpa | [\w-]+                     # a name that only a search domain completes
    | (?:.*\.)?(?:[\w-]+-)?(?:dev|staging|stage|test|qa|uat|preprod|intern|internal|corp)
      (?:-[\w-]+)?(?:\.[^.]+){2,4}
    | 127\.[\d.]+ | 10\.[\d.]+ | 192\.168\.[\d.]+ | 169\.254\.[\d.]+
    | 172\.(?:1[6-9]|2\d|3[01])\.[\d.]+ | ::1 | f[cd][\da-f]{2}:.* | fe80:.*
    """
)


class SourceReferenceFact(Fact, frozen=True, kw_only=True):
    """One pointer to a map or to sources."""

    url: str
    """As written, without credentials, query and fragment."""
    host: str
    form: str
    """`sourceMappingURL`, `sourceRoot`, `sources`, or `external_debug_info` of WebAssembly."""
    remote: bool
    archive: bool
    """The URL ends like an archive, or leads into one: a zip of sources."""
    storage: bool
    """The host is a storage bucket."""
    internal: bool
    """The host looks like one that only insiders reach."""
    dangling: bool
    """It names a file that the artifact does not hold."""


def read(member: Member, data: bytes, _: Hits) -> Iterator[LinkSeen]:
    """Leave each link that a debugger would follow; of a page, those of its scripts and styles."""
    name = member.path.lower()
    if name.endswith(_STYLES):
        found = [links.css_link(data)]
    elif name.endswith(_CODE):
        found = [links.js_link(data)]
    elif name.endswith(_MARKUP):
        found = [*_in_markup(data)]
    else:
        found = [*_in_wasm(data)] if data.startswith(binaries.WASM) else []
    for link in found:
        if link is None or link.url[:5].lower() == "data:":
            continue
        yield LinkSeen(
            path=member.path,
            line=links.line_of(data, link.offset) if link.has_line else None,
            url=link.url,
            target="" if is_remote(link.url) else links.resolved(member.path, link.url),
            form=link.form,
        )


def _in_markup(data: bytes) -> Iterator[links.Link]:
    for kind, offset, text in markup.blocks(data):
        link = links.js_link(text) if kind == "script" else links.css_link(text)
        if link is not None:
            yield links.Link(url=link.url, offset=link.offset + offset)


def _in_wasm(data: bytes) -> Iterator[links.Link]:
    from auditor.binaries import tables  # noqa: PLC0415 - of modules alone

    kinds = tables.Kind
    for kind, form in ((kinds.MAP, links.FORM), (kinds.DEBUG_ELSEWHERE, "external_debug_info")):
        for part in tables.links(data, kind):
            if part.text:
                yield links.Link(url=part.text, offset=part.start, form=form, has_line=False)


def is_remote(url: str) -> bool:
    """Tell whether a URL leads out of the package (`http-agent.js.map` and `webpack://` do not)."""
    if not _REMOTE.match(url):
        return False
    return url.partition(":")[0].lower() in _REMOTE_SCHEMES or url.startswith("//")


def collect(contents: Contents) -> Iterator[SourceReferenceFact]:
    """Yield one fact for each link, and one for each map whose sources lie elsewhere."""
    seen_links = contents.of(LinkSeen)
    paths = {member.path for member in contents.members} if seen_links else set()
    for link in seen_links:
        dangling = not is_remote(link.url) and link.target not in paths
        place = _Place(path=link.path, line=link.line, form=link.form)
        yield _fact(place, link.url, dangling=dangling)
    for seen in contents.of(MapSeen):
        for form, urls in (
            ("sourceRoot", seen.map.roots),
            ("sources", tuple(source.name for source in seen.map.sources)),
        ):
            away = next((url for url in urls if is_remote(url)), None)
            if away is not None:
                place = _Place(path=seen.path, line=seen.line, form=form)
                yield _fact(place, away, dangling=False)


class _Place(Struct, frozen=True, kw_only=True):
    path: str
    line: int | None
    form: str


def _fact(place: _Place, url: str, *, dangling: bool) -> SourceReferenceFact:
    remote = is_remote(url)
    host, shown = _shown(url) if remote else ("", url)
    bucket = url.lower().startswith(("s3:", "gs:", "az:"))
    return SourceReferenceFact(
        path=place.path,
        line=place.line,
        url=shown,
        host=host,
        form=place.form,
        remote=remote,
        archive=any(part.endswith(_ARCHIVES) for part in re.split(r"[/!]", shown.lower())),
        storage=host.endswith(_STORAGE) or bucket,
        internal=host != "" and not bucket and _INTERNAL.fullmatch(host) is not None,
        dangling=dangling,
    )


def _shown(url: str) -> tuple[str, str]:
    """Return host and URL without what may be secret: user, password, query, fragment."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "", url.partition("?")[0]
    scheme = f"{parts.scheme}:" if parts.scheme else ""
    return host, f"{scheme}//{host}{port}{parts.path}"


READER = Reader(anchors=binaries.ANCHORS | {links.MARK}, read=read)
COLLECTOR = Collector(name="source-reference", fact=SourceReferenceFact, collect=collect)
