"""Private keys with a body, and access tokens by the shape their issuer gives them.

Every token here has a fixed prefix of its issuer; those with a checksum (GitHub, npm) are checked
by it. Guessing by entropy, or by words such as `password`, is left out: on 57 real packages every
such hit that was looked at was a false one.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter

from msgspec import Struct

from auditor.anchors import Anchors
from auditor.facts import Collector, Contents, Hits, Reader, Unread
from auditor.facts.source_map import as_written
from auditor.lazyre import regex
from auditor.maps import links
from auditor.model import Fact, Member
from auditor.safe import masked

_WINDOW = 512
_KEY_WINDOW = 8192
_PEM = b"PRIVATE KEY"
_PEM_HEADER = regex(
    rb"-----BEGIN (?P<kind>(?:RSA |DSA |EC |OPENSSH |ENCRYPTED |PGP )?)PRIVATE KEY(?: BLOCK)?-----"
)
_PEM_NOISE = regex(rb"\\+[rn]|[\"'`]\s*+[+.]\s*+[\"'`]|[\s\"'`,\\]")
"""Line ends, also escaped once or twice, and what joins the lines of a text in code.

A plus sign is noise only between quotes: elsewhere it is base64.
"""
_PEM_ATTRIBUTE = regex(rb"(?:Proc-Type|DEK-Info|Comment|Version|Charset|Hash): [^\r\n\\\"'`]*")
_BASE64 = regex(rb"[A-Za-z0-9+/=]*")
_KEY_KINDS = {
    "": "PKCS #8",
    "ENCRYPTED": "encrypted PKCS #8",
    "OPENSSH": "OpenSSH",
}
_TEST_PATH = regex(
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


_PLACEHOLDERS = (
    "EXAMPLE",
    "PLACEHOLDER",
    "CHANGEME",
    "REDACTED",
    "REPLACE",
    "XXXX",
    "YOUR_",
    "YOUR-",
    "ABCDEFG",
    "0123456",
    "1234567",
)
_DOCUMENTED = frozenset(
    {
        # the key of Azure's storage emulator, the same on every machine
        "900e6c2bf8ce6c14dbfdcbd6d7402e8fadd53c5464b0ffae66dce9ac06c0e061",
    }
)
"""SHA-256 of secrets that their issuers print in their manuals."""


def _varied(token: str) -> bool:
    """Refuse placeholders: few different characters, words such as EXAMPLE, what manuals show."""
    plain = token.upper()
    return (
        len(set(token)) > 9
        and not any(word in plain for word in _PLACEHOLDERS)
        and hashlib.sha256(token.encode()).hexdigest() not in _DOCUMENTED
    )


class _Token(Struct, frozen=True, kw_only=True):
    issuer: str
    anchor: bytes
    pattern: re.Pattern[bytes]
    real: Callable[[str], bool]


def _token(issuer: str, anchor: str, rest: str, real: Callable[[str], bool] = _varied) -> _Token:
    edge = rb"(?<![A-Za-z0-9_])" if anchor[0].isalnum() else b""
    pattern = edge + re.escape(anchor).encode() + rest.encode() + rb"(?![A-Za-z0-9_])"
    return _Token(issuer=issuer, anchor=anchor.encode(), pattern=regex(pattern), real=real)


_TOKENS = (
    *(_token("AWS access key", head, "[A-Z2-7]{16}") for head in ("AKIA", "ASIA")),
    *(_token("GitHub token", f"gh{kind}_", "[A-Za-z0-9]{36}", _crc32_base62) for kind in "pousr"),
    _token("GitHub token", "github_pat_", "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("npm token", "npm_", "[A-Za-z0-9]{36}", _crc32_base62),
    _token("PyPI token", "pypi-AgE", "[A-Za-z0-9_-]{50,1000}"),
    _token("GitLab token", "glpat-", "[A-Za-z0-9_-]{20,64}"),
    *(
        _token("Slack token", f"xox{kind}-", "[0-9]{1,14}-[0-9A-Za-z-]{20,250}")
        for kind in "abeprs"
    ),
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
    _token("registry password", "_authToken=", "(?!npm_)[A-Za-z0-9_.-]{20,400}"),
)
_BY_ANCHOR = {token.anchor: token for token in _TOKENS}
_ANCHORS = frozenset({_PEM, *_BY_ANCHOR})
_INLINE_ANCHORS = Anchors(_ANCHORS)


class SecretFact(Fact, frozen=True, kw_only=True):
    """One private key or token; `shown` is masked, the secret itself is in no fact."""

    kind: str
    """`private-key` or `token`."""
    issuer: str
    """`RSA`, `OpenSSH`, … for a key; who issues tokens of this shape."""
    shown: str
    test_path: bool
    """It lies where tests, fixtures and examples do."""


class SecretSeen(Struct, frozen=True, kw_only=True):
    """One secret in one member, or in a text that is embedded in it."""

    fact: SecretFact
    identity: bytes
    """A digest by which the same secret is known."""
    holder: str
    """The member in which the text is embedded; empty for a member's own content."""
    inline: bool = False
    """It stands in a map that is written inline, and not in the content as it is."""


def read(member: Member, data: bytes, hits: Hits) -> Iterator[SecretSeen]:
    """Leave the secrets in one member, once each; those in maps written inline too."""
    seen: set[bytes] = set()
    lines = links.Lines(data)
    for found in _found(data, ((a, o) for a, o in hits if a != links.MARK)):
        line = lines.at(found.start)
        if found.identity not in seen:
            seen.add(found.identity)
            yield found.seen(member, line)
    marks = [offset for anchor, offset in hits if anchor == links.MARK]
    for inline in links.inline_maps(member.path, data, marks):
        if isinstance(inline, Unread):
            return  # said by the reader of source maps
        for found in _found(inline.data, _INLINE_ANCHORS.hits(inline.data)):
            if found.identity not in seen:
                seen.add(found.identity)
                yield found.seen(member, inline.line, inline=True)


class _Found(Struct, frozen=True, kw_only=True):
    kind: str
    issuer: str
    secret: str
    start: int

    @property
    def identity(self) -> bytes:
        return hashlib.sha256(f"{self.issuer} {self.secret}".encode()).digest()

    def seen(self, member: Member, line: int, *, inline: bool = False) -> SecretSeen:
        fact = SecretFact(
            path=member.path,
            line=line,
            kind=self.kind,
            issuer=self.issuer,
            shown=masked(self.secret),
            test_path=_TEST_PATH.search(member.path) is not None,
        )
        return SecretSeen(fact=fact, identity=self.identity, holder=member.holder, inline=inline)


def _found(data: bytes, hits: Iterable[tuple[bytes, int]]) -> Iterator[_Found]:
    for anchor, offset in sorted(hits, key=itemgetter(1)):
        found = _key(data, offset) if anchor == _PEM else _token_at(data, anchor, offset)
        if found is not None:
            yield found


def spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand in any text, first and behind last byte, in order."""
    for found in _found(text, _INLINE_ANCHORS.hits(text)):
        if found.kind == "token":
            yield found.start, found.start + len(found.secret)
            continue
        end = text.find(b"-----END", found.start)
        yield found.start, len(text) if end < 0 else end


def _token_at(data: bytes, anchor: bytes, offset: int) -> _Found | None:
    token = _BY_ANCHOR[anchor]
    found = token.pattern.match(data, offset, offset + len(anchor) + 1024)
    if found is None:
        return None
    text = found.group().decode("ascii")
    if not token.real(text):
        return None
    return _Found(kind="token", issuer=token.issuer, secret=text, start=offset)


def _key(data: bytes, offset: int) -> _Found | None:
    """Return the key whose header is met at `offset`, if the base64 of a key follows it."""
    start = data.rfind(b"-----BEGIN ", max(0, offset - 32), offset)
    header = _PEM_HEADER.match(data, start) if start >= 0 else None
    if header is None:
        return None
    window = data[header.end() : header.end() + _KEY_WINDOW]
    body = _PEM_NOISE.sub(b"", _PEM_ATTRIBUTE.sub(b"", window.partition(b"-----END")[0]))
    found = _BASE64.match(body)
    raw = found.group().rstrip(b"=") if found else b""
    raw = raw[: len(raw) // 4 * 4]
    if len(raw) < 40 or len(set(raw)) < 16:
        return None
    kind = header.group("kind").decode().strip()
    if not _is_key(kind, b64decode(raw), encrypted=b"DEK-Info" in window[:_WINDOW]):
        return None
    issuer = _KEY_KINDS.get(kind, kind)
    return _Found(kind="private-key", issuer=issuer, secret=raw.decode(), start=start)


def _is_key(kind: str, decoded: bytes, *, encrypted: bool) -> bool:
    """Tell a key from a placeholder by the format that its header promises."""
    if kind == "OPENSSH":
        return decoded.startswith(b"openssh-key-v1")
    if kind == "PGP" or encrypted:
        return True
    return decoded[:1] == b"\x30" and len(decoded) + 3 >= min(_der_size(decoded), _KEY_WINDOW // 2)


def _der_size(data: bytes) -> int:
    """Return the bytes that an ASN.1 SEQUENCE says it has, header included (X.690, 8.1.3)."""
    first = data[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def collect(contents: Contents) -> Iterator[SecretFact]:
    """Yield what the reader found: of a secret in a map's text, where it stands in that text."""
    maps = as_written(contents)
    seen = contents.of(SecretSeen)
    told = {(one.holder, one.identity) for one in seen if one.holder}
    met: set[tuple[str, bytes]] = set()
    for one in seen:
        place = (one.fact.path, one.identity)
        of_map = place in told and (one.inline or one.fact.path in maps)
        if place not in met and not of_map:
            met.add(place)
            yield one.fact


READER = Reader(anchors=_ANCHORS | {links.MARK}, read=read, embedded=_ANCHORS)
COLLECTOR = Collector(name="secret", fact=SecretFact, collect=collect)
