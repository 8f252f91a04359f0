"""What PyPI takes and refuses, as far as a single value tells: tags, URLs, addresses, limits.

Read from the source of its upload handler (`forklift`), August 2026. Where the index asks a library
that we do not carry, the check here refuses less than it does, never more: a value called bad is
refused there.
"""

from __future__ import annotations

import re

from auditor.lazyre import regex

METADATA_VERSIONS = frozenset({"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"})
LONGEST_SUMMARY = 512
"""Characters."""
LONGEST_LABEL = 32
"""Characters of a Project-URL's label."""
NEVER_DYNAMIC = frozenset({"dynamic"})
"""Core metadata has it as a field, and the index does not take it as the value of Dynamic."""
NOTHING = "UNKNOWN"
"""What old distutils wrote for an empty field; the index drops it before it looks."""

# platform tags

_LINUX_ARCHITECTURES = "x86_64 i686 aarch64 armv7l ppc64le s390x riscv64".split()
_MAC_ARCHITECTURES = "ppc ppc64 i386 x86_64 arm64 intel fat fat3 fat64 universal universal2".split()
_PLATFORMS = frozenset(
    "any win32 win_arm64 win_amd64 win_ia64 linux_armv6l linux_armv7l".split()
    + [f"manylinux1_{arch}" for arch in ("x86_64", "i686")]
    + [f"manylinux2010_{arch}" for arch in ("x86_64", "i686")]
    + [
        f"manylinux2014_{arch}"
        for arch in ("x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x")
    ]
)
_MACOS = "|".join(_MAC_ARCHITECTURES)
_LINUX = "|".join(_LINUX_ARCHITECTURES)
_VERSIONED_PLATFORM = regex(
    rf"""(?x)
      macosx_10_\d+_(?:{_MACOS})
    | macosx_(?:11|12|13|14|15|26)_0_(?:{_MACOS})
    | manylinux_\d+_\d+_(?:{_LINUX}|ppc64)
    | musllinux_\d+_\d+_(?:{_LINUX})
    | ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)
    | android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)
    | pyemscripten_\d+_\d+_wasm32.*
    """
)


def takes_platform(tag: str) -> bool:
    """Tell whether a wheel of this platform tag may be uploaded (PEP 600, 656, 730, 738, 783)."""
    return tag in _PLATFORMS or _VERSIONED_PLATFORM.fullmatch(tag) is not None


# URLs

_URL = regex(
    r"(?s)(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^\\/?#]*))?(?P<rest>[^#]*)"
)
_PORT = regex(r"(?=[^:]*[A-Za-z])[A-Za-z0-9._~-]+:([0-9]{1,5})")
"""Behind a plain host name alone: what else is odd about a host is dropped before it counts."""


def url_problem(url: str) -> str:
    """Return why a URL is refused (RFC 3986, http and https alone); empty where it is taken.

    The index encodes most stray characters before it looks, so that only a missing scheme, square
    brackets behind the host, and a port that there is not are left to refuse.
    """
    parts = _URL.match(url)
    if parts is None:
        return "does not begin with http:// or https://"
    if parts["scheme"].lower() not in {"http", "https"}:
        return "is neither http nor https"
    brackets = "[" in parts["rest"] or "]" in parts["rest"]
    if brackets and "/.." not in parts["rest"]:  # which may take the brackets away
        return "has a square bracket, which must be written %5B or %5D"
    port = _PORT.fullmatch(parts["authority"] or "")
    if port and int(port[1]) > 0xFFFF:
        return "has a port over 65535"
    return ""


# mail addresses

_LOCAL = regex(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_LABEL = regex(r"(?!(?i:(?!xn)..--))[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_NOWHERE = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Domains that no mail from outside reaches (special-use domain names of RFC 6761, 6762, 7686)."""
_LONGEST_ADDRESS = 254
_LONGEST_DOMAIN = 253
_LONGEST_LABEL = 63


def address_problem(address: str) -> str:
    """Return why a bare mail address is refused (RFC 5321, 5322); empty where it is taken.

    Only what ASCII alone decides is judged: addresses with other characters, or with quotes, pass.
    """
    if not address.isascii() or '"' in address:
        return ""
    local, at, domain = address.partition("@")
    if not at:
        return "has no @"
    if not _LOCAL.fullmatch(local):
        return "has nothing, a space or a stray character before the @"
    if len(address) > _LONGEST_ADDRESS:
        return f"is longer than {_LONGEST_ADDRESS} characters"
    return _domain_problem(domain)


def _domain_problem(domain: str) -> str:
    labels = domain.split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        return f"has {domain!r} behind the @, which is no domain"
    if len(labels) < 2 or not labels[-1][-1].isalpha():
        return f"has {domain!r} behind the @, which is no public domain"
    if labels[-1].lower() in _NOWHERE:
        return f"has the domain {labels[-1]!r}, which no mail reaches"
    if max(map(len, labels)) > _LONGEST_LABEL or len(domain) > _LONGEST_DOMAIN:
        return "has too long a domain"
    return ""
