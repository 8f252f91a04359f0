"""Private keys and tokens in every form that packages carry them in, and what only looks so.

Nothing here is a secret, and nothing is written out as one: tokens are put together from parts at
run time, so that no scanner of a code host takes this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import string
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import facts
from auditor.examine import Examination
from auditor.facts.secret import SecretFact
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
LETTERS = string.ascii_letters + string.digits
LOWER_HEX = "0123456789abcdef"


def secrets_in(text: str | bytes, path: str = "lib/a.js") -> list[SecretFact]:
    data = text.encode() if isinstance(text, str) else text
    collectors, readers = facts.load()
    examination = Examination("test", readers, Budget(Limits()))
    examination.run([(Member(path=path, name=path, size=len(data)), iter((data,)))])
    assert not examination.gaps
    contents = examination.contents(ArtifactKind.NPM_TARBALL, None)
    found = list(collectors["secret"].collect(contents))
    assert all(isinstance(fact, SecretFact) for fact in found)
    return [fact for fact in found if isinstance(fact, SecretFact)]


def drawn(alphabet: str, length: int, seed: int = 1) -> str:
    """Return letters that are the same in every run and stand for nothing."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return "".join(draw.choice(alphabet) for _ in range(length))


def with_checksum(prefix: str, body: str) -> str:
    """Return a token as GitHub and npm make it: CRC-32 of the body in base 62 behind it."""
    value, digits = zlib.crc32(body.encode()), ""
    while value:
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return prefix + body + digits.rjust(6, "0")


# -- tokens

BASE32 = string.ascii_uppercase + "234567"
NAMED = LETTERS + "_-"

TOKENS = {
    "AKIA": ("AWS access key", "AKIA" + drawn(BASE32, 16)),
    "ASIA": ("AWS access key", "ASIA" + drawn(BASE32, 16)),
    **{
        f"gh{kind}": ("GitHub token", with_checksum(f"gh{kind}_", drawn(BASE62, 30)))
        for kind in "pousr"
    },
    "github_pat": (
        "GitHub token",
        "github" + "_pat_" + drawn(LETTERS, 22) + "_" + drawn(LETTERS, 59),
    ),
    "npm": ("npm token", with_checksum("npm_", drawn(BASE62, 30))),
    "pypi": ("PyPI token", "pypi" + "-AgE" + drawn(NAMED, 150)),
    "glpat": ("GitLab token", "glpat" + "-" + drawn(NAMED, 20)),
    "xoxb": ("Slack token", "xoxb" + "-123451234512-1234512345123-" + drawn(LETTERS, 24)),
    "xoxp": ("Slack token", "xoxp" + "-123451234512-123451234512-99-" + drawn(LOWER_HEX, 32)),
    **{
        f"xox{kind}": ("Slack token", f"xox{kind}" + "-2-123451234512-" + drawn(LETTERS, 32))
        for kind in "aers"
    },
    "sk_live": ("Stripe key", "sk" + "_live_" + drawn(LETTERS, 24)),
    "rk_live": ("Stripe key", "rk" + "_live_" + drawn(LETTERS, 99)),
    "anthropic": ("Anthropic key", "sk" + "-ant-api03-" + drawn(NAMED, 93) + "AA"),
    "openai": ("OpenAI key", "sk" + "-proj-" + drawn(NAMED, 156)),
    "hf": ("Hugging Face token", "hf" + "_" + drawn(LETTERS, 34)),
    "sendgrid": ("SendGrid key", "SG" + "." + drawn(NAMED, 22) + "." + drawn(NAMED, 43)),
    "docker": ("Docker token", "dckr" + "_pat_" + drawn(NAMED, 27)),
    "databricks": ("Databricks token", "dapi" + drawn(LOWER_HEX, 32)),
    "digitalocean": ("DigitalOcean token", "dop" + "_v1_" + drawn(LOWER_HEX, 64)),
    "shopify": ("Shopify token", "shpat" + "_" + drawn(LOWER_HEX, 32)),
    "azure": ("Azure storage key", "Account" + "Key=" + drawn(LETTERS + "+/", 86) + "=="),
    "age": ("age key", "AGE-SECRET" + "-KEY-1" + drawn(BASE32, 58)),
    "atlassian": ("Atlassian token", "ATATT" + "3xFfGF0" + drawn(NAMED, 185)),
    "sentry org": ("Sentry token", "sntrys" + "_" + drawn(LETTERS + "+/=_", 120)),
    "sentry user": ("Sentry token", "sntryu" + "_" + drawn(LOWER_HEX, 64)),
    "grafana": ("Grafana token", "glsa" + "_" + drawn(LETTERS, 32) + "_" + drawn(LOWER_HEX, 8)),
    "vault": ("HashiCorp Vault token", "hvs" + "." + drawn(NAMED, 95)),
    "rubygems": ("RubyGems key", "rubygems" + "_" + drawn(LOWER_HEX, 48)),
    "linear": ("Linear key", "lin" + "_api_" + drawn(LETTERS, 40)),
    "npmrc": (
        "registry password",
        "//registry.example.org/:_auth" + "Token=" + drawn(LETTERS + "-", 36),
    ),
}
FORMS = [
    'const t = "{}";',
    "token: {}\n",
    "export T={}",
    '{{"t":"{}"}}',
    "{}",
    "`Bearer {}`",
    "({})",
]


@pytest.mark.parametrize(("issuer", "token"), TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("form", FORMS)
def test_a_token_of_an_issuer_s_form(issuer: str, token: str, form: str) -> None:
    (found,) = secrets_in("// a line before\n" + form.format(token))
    assert (found.kind, found.issuer, found.line) == ("token", issuer, 2)
    assert found.path == "lib/a.js"
    assert not found.test_path
    secret = token.rpartition("/:")[2]
    assert f"({len(secret)} characters)" in found.shown
    assert secret[5:] not in found.shown
    assert len(found.shown) < 30


@pytest.mark.parametrize(("issuer", "token"), TOKENS.values(), ids=TOKENS)
def test_a_token_is_found_in_a_large_file_too(issuer: str, token: str) -> None:
    (found,) = secrets_in("run();\n" * 5_000 + f' "{token}"')
    assert (found.issuer, found.line) == (issuer, 5_001)


CHECKED = sorted(set(TOKENS) & {"ghp", "gho", "ghu", "ghs", "ghr", "npm"})


@pytest.mark.parametrize("name", CHECKED)
@given(position=st.integers(4, 39), letter=st.sampled_from(BASE62))
@settings(deadline=None)
def test_a_token_whose_checksum_is_wrong_is_none(name: str, position: int, letter: str) -> None:
    _, token = TOKENS[name]
    other = token[:position] + letter + token[position + 1 :]
    assert [f.kind for f in secrets_in(other)] == (["token"] if other == token else [])


@given(st.text(BASE62, min_size=30, max_size=30))
@settings(deadline=None)
def test_every_token_with_a_right_checksum_is_one(body: str) -> None:
    assert len(secrets_in(with_checksum("ghp" + "_", body))) == 1


def near_misses() -> dict[str, str]:
    """Return texts that are a token but for one thing."""
    out = {}
    for name, (_, token) in TOKENS.items():
        if name not in {"npmrc", "azure", "age"}:
            out[f"{name} in a longer word"] = f"x{token}"
            out[f"{name} behind an underscore"] = f"_{token}"
        out[f"{name} cut short"] = token[: len(token) // 2]
    for name in ("AKIA", "ghp", "npm", "hf", "databricks", "shopify", "rubygems", "linear"):
        out[f"{name} too long"] = TOKENS[name][1] + "A"
    return out


NEAR_MISSES = near_misses()
for longer in ("npmrc", "pypi", "rk_live", "openai", "sentry org", "atlassian", "vault"):
    # these have no fixed length: half of one can be one
    NEAR_MISSES.pop(f"{longer} cut short", None)


@pytest.mark.parametrize("text", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_a_near_miss_is_no_token(text: str) -> None:
    assert secrets_in(f'const t = "{text}";') == []


EMULATOR = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    "K1SZFPTOtr",
    "KBHBeksoGMGw",
)
"""The key of Azure's storage emulator, which its manual prints."""

PLACEHOLDERS = {
    "AWS manual": "AKIA" + "IOSFODNN7" + "EXAMPLE",
    "one letter": "ghp" + "_" + "0" * 36,
    "two letters": "hf" + "_" + "aB" * 17,
    "crosses": "sk" + "_live_" + "x" * 24,
    "some crosses": "glpat" + "-" + "abcdeXXXXXXXXXXXfghi",
    "your": "hf" + "_" + ("YOUR" + "_TOKEN" + "abcdefhijklmnopqrstuvwxyz" * 2)[:34],
    "your own": "sk" + "-ant-" + ("your" + "-key-here-" + drawn(NAMED, 93)),
    "counting": "dapi" + "0123456789abcdef" * 2,
    "letters in turn": "lin" + "_api_" + (string.ascii_lowercase * 2)[:40],
    "placeholder": "dckr" + "_pat_" + "placeholder-placeholder-abc",
    "change me": "SG" + ".changeme" + drawn(NAMED, 14) + "." + drawn(NAMED, 43),
    "Slack in words": "xoxb" + "-not-a-real-token-for-this-program",
    "environment": "_auth" + "Token=${NPM_TOKEN}",
    "environment, Windows": "_auth" + "Token=%NPM_TOKEN%",
    "a prefix alone": "npm" + "_config_registry npm_lifecycle_event ghp_ AKIA sk-ant- hf_hub",
    "the storage emulator": f"AccountKey={'/'.join(EMULATOR)}==",
}


@pytest.mark.parametrize("text", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_a_placeholder_is_no_token(text: str) -> None:
    assert secrets_in(f"const t = '{text}';") == []


def test_an_npm_token_in_a_client_s_file_is_told_once() -> None:
    token = TOKENS["npm"][1]
    (found,) = secrets_in("//registry.example.org/:_auth" + f"Token={token}\n", ".npmrc")
    assert found.issuer == "npm token"


def test_a_token_that_stands_twice_is_told_once() -> None:
    token = TOKENS["ghp"][1]
    other = with_checksum("ghp" + "_", drawn(BASE62, 30, seed=2))
    assert [f.line for f in secrets_in(f"{token}\n{token}\n{other}\n")] == [1, 3]


def document(*texts: str) -> str:
    """Return a map with these texts; JSON turns the line before a token into an `n` before it."""
    names = [f"../src/{name}.ts" for name, _ in zip("abc", texts, strict=False)]
    return json.dumps({"sources": names, "sourcesContent": texts, "mappings": ""})


def test_a_token_in_a_source_map_s_text_is_told_where_it_stands_there() -> None:
    token = TOKENS["ghs"][1]
    text = document("let a", f"// the line before\n{token}\n{token}")
    (found,) = secrets_in(text, "dist/a.js.map")
    assert found.issuer == "GitHub token"
    assert (found.path, found.line) == ("dist/a.js.map!src/b.ts", 2)


def test_a_token_whose_letters_json_escapes_is_told() -> None:
    token = TOKENS["ghs"][1]
    written = "".join(f"\\u{ord(letter):04x}" for letter in token)
    (found,) = secrets_in(document("x\nTOKEN").replace("TOKEN", written), "dist/a.js.map")
    assert (found.path, found.line) == ("dist/a.js.map!src/a.ts", 2)


def test_a_token_in_another_part_of_a_map_is_told_of_the_map() -> None:
    token = TOKENS["ghs"][1]
    text = document("let a").replace("../src/a.ts", f"https://example.com/{token}/a.ts")
    assert [(f.path, f.line) for f in secrets_in(text, "dist/a.js.map")] == [("dist/a.js.map", 1)]


def test_a_token_in_a_map_that_is_written_inline() -> None:
    token = TOKENS["ghs"][1]
    payload = base64.b64encode(document(f"\n'{token}'").encode()).decode()
    code = f"run()\n//# sourceMappingURL=data:application/json;base64,{payload}\n"
    (found,) = secrets_in(code, "dist/a.js")
    assert found.issuer == "GitHub token"
    assert (found.path, found.line) == ("dist/a.js!src/a.ts", 2)
    both = secrets_in(code + f"// {token}\n", "dist/a.js")
    assert [(f.path, f.line) for f in both] == [("dist/a.js", 3), ("dist/a.js!src/a.ts", 2)]


def test_a_token_in_an_inline_map_that_is_none_is_told_all_the_same() -> None:
    token = TOKENS["ghs"][1]
    payload = base64.b64encode(json.dumps({"token": token}).encode()).decode()
    code = f"run()\n//# sourceMappingURL=data:application/json;base64,{payload}\n"
    assert [(f.path, f.line) for f in secrets_in(code, "dist/a.js")] == [("dist/a.js", 2)]


def test_a_token_in_an_inline_map_inside_a_map_s_text_is_told_once() -> None:
    token = TOKENS["ghs"][1]
    payload = base64.b64encode(document(f"'{token}'").encode()).decode()
    text = f"run()\n//# sourceMappingURL=data:application/json;base64,{payload}\n"
    (found,) = secrets_in(document("let a", text), "dist/a.js.map")
    assert (found.path, found.line) == ("dist/a.js.map!src/a.ts", 1)


# -- private keys: random bytes in the frame of each format, no key of anything


def der(length: int, seed: int = 1) -> bytes:
    """Return an ASN.1 SEQUENCE of that many random bytes (X.690)."""
    body = random.Random(seed).randbytes(length)  # noqa: S311 - reproducible, not secret
    if length < 0x80:
        return bytes((0x30, length)) + body
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x30, 0x80 | len(size))) + size + body


def pem(kind: str, body: bytes, attributes: str = "", end: str = "\n") -> str:
    """Return PEM; the words are put together here, so that this file holds no header."""
    label = f"{kind} PRIVATE".strip() + " KEY"
    label += " BLOCK" if kind == "PGP" else ""
    text = base64.b64encode(body).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    if attributes:
        lines = [*attributes.split("\n"), "", *lines]
    return end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


OPENSSH = b"openssh-key-v1\0" + random.Random(3).randbytes(300)  # noqa: S311
PGP = random.Random(4).randbytes(900)  # noqa: S311
LEGACY = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF"

KEYS = {
    "Ed25519": ("PKCS #8", pem("", der(46))),
    "RSA 2048, PKCS #8": ("PKCS #8", pem("", der(1214))),
    "RSA 512": ("RSA", pem("RSA", der(316))),
    "RSA 2048": ("RSA", pem("RSA", der(1188))),
    "RSA 8192": ("RSA", pem("RSA", der(4650))),
    "RSA, encrypted as of old": ("RSA", pem("RSA", random.Random(5).randbytes(1192), LEGACY)),  # noqa: S311
    "EC": ("EC", pem("EC", der(119))),
    "DSA": ("DSA", pem("DSA", der(444))),
    "encrypted": ("encrypted PKCS #8", pem("ENCRYPTED", der(1308))),
    "OpenSSH": ("OpenSSH", pem("OPENSSH", OPENSSH)),
    "PGP": ("PGP", pem("PGP", PGP, "Version: GnuPG v2\nComment: made for nothing")),
}


def in_code(text: str, form: str) -> str:
    """Return a PEM text as programs carry it."""
    lines = text.splitlines()
    forms = {
        "as it is": text,
        "Windows": text.replace("\n", "\r\n"),
        "old Macintosh": text.replace("\n", "\r"),
        "indented": "key: |\n" + "".join(f"    {line}\n" for line in lines),
        "escaped": f"const k = {json.dumps(text)};",
        "escaped, Windows": json.dumps({"key": text.replace("\n", "\r\n")}),
        "escaped twice": json.dumps(json.dumps({"private_key": text})),
        "template": f"const k = `{text}`;",
        "joined": "const k = " + " +\n  ".join(f"'{line}\\n'" for line in lines) + ";",
        "joined, double": "k = " + '" + \n"'.join(["", *(f"{x}\\n" for x in lines), ""]),
        "list": f"const k = [\n{','.join(json.dumps(x) for x in lines)}\n].join('\\n');",
        "PHP": "$k = " + " .\n".join(f'"{line}\\n"' for line in lines) + ";",
        "continued": 'k = "' + "\\n\\\n".join(lines) + '"',
    }
    return forms[form]


EVERY_FORM = [
    "as it is",
    "Windows",
    "old Macintosh",
    "indented",
    "escaped",
    "escaped, Windows",
    "escaped twice",
    "template",
    "joined",
    "joined, double",
    "list",
    "PHP",
    "continued",
]


@pytest.mark.parametrize(("issuer", "text"), KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("form", EVERY_FORM)
def test_a_private_key(issuer: str, text: str, form: str) -> None:
    (found,) = secrets_in(f"\n{in_code(text, form)}", "lib/keys.js")
    assert (found.kind, found.issuer) == ("private-key", issuer)
    code = f"\n{in_code(text, form)}".encode()
    assert found.line == code.count(b"\n", 0, code.index(b"-----BEGIN")) + 1
    assert "characters)" in found.shown
    assert len(found.shown) < 30


@given(st.integers(46, 2400), st.integers(0, 1 << 32))
@settings(deadline=None)
def test_a_key_of_any_bytes(length: int, seed: int) -> None:
    """Among them every letter of base64, which the joining signs of code must not be taken for."""
    (found,) = secrets_in(in_code(pem("RSA", der(length, seed)), "joined"))
    assert found.kind == "private-key"


def test_a_key_that_stands_twice_is_told_once_and_two_keys_twice() -> None:
    one, two = pem("RSA", der(316)), pem("RSA", der(316, seed=2))
    assert len(secrets_in(one + one)) == 1
    assert [f.line for f in secrets_in(one + two)] == [1, 1 + one.count("\n")]


BEGIN = "-----BEGIN " + "RSA PRIVATE KEY-----"
END = "-----END " + "RSA PRIVATE KEY-----"
LONG = base64.b64encode(der(316)).decode()

NO_KEYS = {
    "header and footer": f'const a = "{BEGIN}", b = "{END}";',
    "header and code": f"const pem = `{BEGIN}\\n${{der.toString('base64')}}\\n{END}`;",
    "header and a call": f'write("{BEGIN}\\n" + wrapped(encoded, 64) + "\\n{END}\\n");',
    "nothing between": f"{BEGIN}\n{END}\n",
    "words": f"{BEGIN}\nYOUR KEY HERE\n{END}\n",
    "dots": f"{BEGIN}\n...\n{END}\n",
    "one letter": f"{BEGIN}\n{'A' * 200}\n{END}\n",
    "cut short with dots": f"{BEGIN}\n{LONG[:64]}\n...\n{END}\n",
    "cut short": f"{BEGIN}\n{LONG[:200]}\n{END}\n",
    "a short one, cut short": pem("", der(46)[:36]),
    "a longer one, cut short": pem("", der(200)[:196]),
    "a long one, cut short": pem("RSA", der(1188)[:1185]),
    "no ASN.1": f"{BEGIN}\n{base64.b64encode(b'no key, but words that are long enough').decode()}",
    "not OpenSSH": pem("OPENSSH", der(300)),
    "a public key": pem("", der(290)).replace("PRIVATE", "PUBLIC"),
    "a certificate": pem("", der(800)).replace("PRIVATE KEY", "CERTIFICATE"),
    "a request": pem("", der(800)).replace("PRIVATE KEY", "CERTIFICATE REQUEST"),
    "an invented kind": pem("NEW", der(300)),
    "words about keys": "A PRIVATE KEY begins with dashes.",
    "a pattern": r"/-----BEGIN (RSA )?PRIVATE KEY-----([^-]+)-----END/",
}


@pytest.mark.parametrize("text", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_private_key(text: str) -> None:
    assert secrets_in(text, "lib/pem.js") == []


# -- where it lies


@pytest.mark.parametrize(
    "path",
    [
        "test/server.key",
        "tests/fixtures/a.pem",
        "lib/__tests__/a.js",
        "packages/a/spec/b.js",
        "lib/__mocks__/a.js",
        "examples/tls/key.pem",
        "sample/key.pem",
        "testdata/a",
        "lib/a.test.js",
        "lib/a-spec.mjs",
        "Test/a.key",
        "vendor.tgz!test/a.key",
    ],
)
def test_a_path_of_tests_and_examples(path: str) -> None:
    (found,) = secrets_in(pem("RSA", der(316)), path)
    assert found.test_path


@pytest.mark.parametrize(
    "path", ["server.key", "lib/latest/a.js", "contest/a.key", "lib/testing.js", "a.testament"]
)
def test_any_other_path(path: str) -> None:
    (found,) = secrets_in(pem("RSA", der(316)), path)
    assert not found.test_path


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_behind_a_header_are_gone_through(data: bytes) -> None:
    secrets_in(BEGIN.encode() + data + END.encode())


def test_many_keys_in_one_file_are_told_in_one_pass() -> None:
    many = "".join(pem("RSA", der(100, seed)) for seed in range(3_000))
    found = secrets_in(many)
    assert len(found) == 3_000
    each = pem("RSA", der(100)).count("\n")
    assert [fact.line for fact in found] == [1 + each * index for index in range(3_000)]
