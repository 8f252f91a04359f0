"""Private keys with a body, and access tokens by the shape their issuer gives them.

Every token here has a fixed prefix of its issuer; those with a checksum (GitHub, npm) are checked
by it. Guessing by entropy, or by words such as `password`, is left out: on 57 real packages every
such hit that was looked at was a false one.
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.facts import Collector, Contents, Hits, Reader
from auditor.maps.links import line_of
from auditor.model import Fact, Member
from auditor.safe import masked

_WINDOW = 512
_KEY_WINDOW = 8192
_PEM = b"PRIVATE KEY"
_PEM_HEADER = re.compile(
    rb"-----BEGIN (?P<kind>(?:RSA |DSA |EC |OPENSSH |ENCRYPTED |PGP |SSH2 ENCRYPTED )?)"
    rb"PRIVATE KEY(?: BLOCK)?-----"
)
_PEM_NOISE = re.compile(rb"\\r|\\n|[\s\"'`+,\\]+")
_PEM_ATTRIBUTE = re.compile(rb"(?:Proc-Type|DEK-Info|Comment|Version|Charset|Hash): [^\n\\]*")
_TEST_PATH = re.compile(
    r"(?:^|[/!])(?:__)?(?:tests?|specs?|fixtures?|mocks?|examples?|samples?|testdata|test-data)"
    r"(?:__)?(?:/|$)|[._-](?:test|spec)\.[a-z]+$",
    re.IGNORECASE,
)
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _crc32_base62(token: str) -> bool:
    """Check the last six characters, as GitHub and npm append them."""
    body, want = token[:-6].rpartition("_")[2], token[-6:]
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits == want


def _varied(token: str) -> bool:
    """Refuse placeholders: few different characters, or words such as EXAMPLE."""
    plain = token.upper()
    return len(set(token)) > 9 and not any(w in plain for w in ("EXAMPLE", "XXXX", "YOUR_", "1234567890"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    issuer: str
    anchor: bytes
    pattern: re.Pattern[bytes]
    real: Callable[[str], bool]


def _token(
    issuer: str, anchor: str, rest: str, real: Callable[[str], bool] = _varied
) -> _Token:
    edge = rb"(?<![A-Za-z0-9_])" if anchor[0].isalnum() else b""
    pattern = edge + re.escape(anchor).encode() + rest.encode() + rb"(?![A-Za-z0-9_])"
    return _Token(issuer=issuer, anchor=anchor.encode(), pattern=re.compile(pattern), real=real)


_TOKENS = (
    *(_token("AWS access key", head, "[A-Z2-7]{16}") for head in ("AKIA", "ASIA")),
    *(
        _token("GitHub token", f"gh{kind}_", "[A-Za-z0-9]{36}", _crc32_base62)
        for kind in "pousr"
    ),
    _token("GitHub token", "github_pat_", "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("npm token", "npm_", "[A-Za-z0-9]{36}", _crc32_base62),
    _token("PyPI token", "pypi-AgE", "[A-Za-z0-9_-]{50,1000}"),
    _token("GitLab token", "glpat-", "[A-Za-z0-9_-]{20,64}"),
    *(_token("Slack token", f"xox{kind}-", "[0-9A-Za-z-]{24,250}") for kind in "abeprs"),
    *(_token("Stripe key", f"{kind}_live_", "[0-9a-zA-Z]{24,99}") for kind in ("sk", "rk")),
    _token("Anthropic key", "sk-ant-", "[A-Za-z0-9_-]{80,120}"),
    _token("OpenAI key", "sk-proj-", "[A-Za-z0-9_-]{48,200}"),
    _token("Hugging Face token", "hf_", "[A-Za-z0-9]{34}"),
    _token("SendGrid key", "SG.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("Docker token", "dckr_pat_", "[A-Za-z0-9_-]{27}"),
    _token("Databricks token", "dapi", "[0-9a-f]{32}"),
    _token("DigitalOcean token", "dop_v1_", "[0-9a-f]{64}"),
    _token("Shopify token", "shpat_", "[0-9a-fA-F]{32}"),
    _token("Azure storage key", "AccountKey=", "[A-Za-z0-9+/]{86}=="),
    _token("age key", "AGE-SECRET-KEY-1", "[0-9A-Z]{58}"),
    _token("Atlassian token", "ATATT3", "[A-Za-z0-9_=-]{180,200}"),
    _token("Sentry token", "sntrys_", "[A-Za-z0-9+/=_-]{40,400}"),
    _token("Sentry token", "sntryu_", "[0-9a-f]{64}"),
    _token("Grafana token", "glsa_", "[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    _token("HashiCorp Vault token", "hvs.", "[A-Za-z0-9_-]{90,140}"),
    _token("RubyGems key", "rubygems_", "[0-9a-f]{48}"),
    _token("Linear key", "lin_api_", "[A-Za-z0-9]{40}"),
    _token("registry password", "_authToken=", "[A-Za-z0-9_.-]{20,400}"),
)
_BY_ANCHOR = {token.anchor: token for token in _TOKENS}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFact(Fact):
    """One private key or token; `shown` is masked, the secret itself is in no fact."""

    kind: str
    """`private-key` or `token`."""
    issuer: str
    """`RSA`, `OpenSSH`, … for a key; who issues tokens of this shape."""
    shown: str
    test_path: bool
    """It lies where tests, fixtures and examples do."""


def read(member: Member, data: bytes, hits: Hits) -> Iterator[SecretFact]:
    """Leave the secrets in one member, once each."""
    seen: set[tuple[str, str]] = set()
    for anchor, offset in sorted(hits, key=lambda hit: hit[1]):
        found = _key(data, offset) if anchor == _PEM else _token_at(data, anchor, offset)
        if found is None or (found[1], found[2]) in seen:
            continue
        kind, issuer, secret, start = found
        seen.add((issuer, secret))
        yield SecretFact(
            path=member.path,
            line=line_of(data, start),
            kind=kind,
            issuer=issuer,
            shown=masked(secret),
            test_path=_TEST_PATH.search(member.path) is not None,
        )


_Found = tuple[str, str, str, int]


def _token_at(data: bytes, anchor: bytes, offset: int) -> _Found | None:
    token = _BY_ANCHOR[anchor]
    found = token.pattern.match(data, offset, offset + len(anchor) + 1024)
    if found is None:
        return None
    text = found.group().decode("ascii")
    return ("token", token.issuer, text, offset) if token.real(text) else None


def _key(data: bytes, offset: int) -> _Found | None:
    """A key counts when base64 of a key's length follows its header, `\\n`-escaped or not."""
    start = data.rfind(b"-----BEGIN ", max(0, offset - 32), offset)
    header = _PEM_HEADER.match(data, start) if start >= 0 else None
    if header is None:
        return None
    body = data[header.end() : header.end() + _KEY_WINDOW].partition(b"-----END")[0]
    body = _PEM_ATTRIBUTE.sub(b"", body)
    text = re.match(rb"[A-Za-z0-9+/=]*", _PEM_NOISE.sub(b"", body))
    raw = text.group().rstrip(b"=") if text else b""
    raw = raw[: len(raw) // 4 * 4]
    if len(raw) < 40 or len(set(raw)) < 16:
        return None
    try:
        decoded = b64decode(raw)
    except binascii.Error:  # pragma: no cover - the pattern and the cut leave only whole base64
        return None
    kind = header.group("kind").decode().strip()
    if kind in {"", "RSA", "EC", "DSA"} and b"DEK-Info" not in data[start : start + _WINDOW]:
        if decoded[:1] != b"\x30":  # not an ASN.1 SEQUENCE: a placeholder
            return None
    elif kind == "OPENSSH" and not decoded.startswith(b"openssh-key-v1"):
        return None
    return "private-key", kind.title().replace("Openssh", "OpenSSH") or "PKCS #8", raw.decode(), start


def collect(contents: Contents) -> Iterator[SecretFact]:
    """Yield what the reader found."""
    yield from contents.of(SecretFact)


READER = Reader(anchors=frozenset({_PEM, *_BY_ANCHOR}), read=read)
COLLECTOR = Collector(name="secret", fact=SecretFact, collect=collect)
