"""What is secret is printed nowhere: not by us, and not by what other programs told us."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import masking
from auditor.masking import hidden
from auditor.sources import child, credentials
from tests.often import often

if TYPE_CHECKING:
    from pathlib import Path

KEY = "AKIA" + "Q7ZT2LW5KD6VB3XN"
WORD = "tr0ub4dor-and-3"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@registry.example.org/x", "https://…@registry.example.org/x"),
        ("https://only-a-token@registry.example.org", "https://…@registry.example.org"),
        ("ssh://git@registry.example.org/x.git", "ssh://git@registry.example.org/x.git"),
        ("Authorization: Bearer abc.def", "Authorization: …"),
        ('{"authorization": "Basic bWU6cHc="}', '{"authorization": …}'),
        ("proxy-authorization=Basic bWU6cHc=", "proxy-authorization=…"),
        ("got Bearer abcdefghijklmnop here", "got Bearer … here"),
        ("//registry.example.org/:_authToken=abc", "//registry.example.org/:_authToken=…"),
        ("_auth = bWU6cHc=", "_auth = …"),
        ("npmAuthToken: 'abc'", "npmAuthToken: '…'"),
        ("NPM_TOKEN=abc NODE=1", "NPM_TOKEN=… NODE=1"),
        ('"_password": "abc"', '"_password": "…"'),
        (f"a {KEY} b", "a AKI…(20 characters) b"),
        ("npm error 404 Not Found - GET", "npm error 404 Not Found - GET"),
        ("Unexpected token: } in JSON", "Unexpected token: } in JSON"),
        ("", ""),
        ("ein Päckchen \ud800 €", "ein Päckchen \ud800 €"),
    ],
)
def test_what_becomes_of_a_text(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_a_private_key_is_hidden_as_a_whole() -> None:
    body = base64.b64encode(b"\x30\x82\x01\x00" + bytes(range(256))).decode()
    text = f"a\n-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\nb"

    assert body[8:40] not in hidden(text)
    assert hidden(text).startswith("a\n")


@settings(max_examples=often(200), deadline=None)
@given(
    st.lists(st.sampled_from([WORD, "x", " ", "://", "@", ":", "_auth=", "Bearer ", "\n"])).map(
        "".join
    )
)
def test_a_known_secret_is_nowhere(text: str) -> None:
    assert WORD not in hidden(text, {WORD})
    assert WORD not in hidden(f"{WORD}{text}{WORD}", {WORD})


def test_a_short_word_is_not_taken_for_a_secret() -> None:
    assert hidden("a lot of words", {"lot", ""}) == "a lot of words"


def test_a_text_without_end_is_bounded() -> None:
    assert len(hidden("x" * 10_000_000)) == masking.LONGEST


# which are known


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".npmrc", f"//registry.example.org/:_authToken={WORD}\n"),
        (".npmrc", f"//registry.example.org/:_password={base64.b64encode(WORD.encode()).decode()}"),
        (".npmrc", f"registry=https://me:{WORD}@registry.example.org/\n"),
        (".yarnrc.yml", f'npmAuthToken: "{WORD}"\n'),
        ("bunfig.toml", f'[install.registry]\ntoken = "{WORD}"\n'),
        ("pip.conf", f"[global]\nindex-url = https://me:{WORD}@registry.example.org/simple\n"),
        ("uv.toml", f'index-url = "https://{WORD}@registry.example.org/simple"\n'),
    ],
)
def test_a_clients_settings_in_the_folder_are_known(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = credentials.known(tmp_path, {"HOME": str(tmp_path / "nobody")})

    assert WORD in found
    assert all(len(one) >= masking.SHORTEST for one in found)


@pytest.mark.parametrize("name", [".npmrc", ".netrc", ".pypirc"])
def test_the_users_own_settings_are_known(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"machine registry.example.org login me password {WORD}\n")

    assert WORD in credentials.known(tmp_path / "elsewhere", {"HOME": str(tmp_path)})


def test_what_a_client_makes_of_a_password_is_known_too(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("registry=https://me:a%20b%21cde@registry.example.org/\n")
    found = credentials.known(tmp_path, {"HOME": str(tmp_path)})

    for form in ("a%20b%21cde", "a b!cde", base64.b64encode(b"me:a b!cde").decode()):
        assert form in found


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("NODE_AUTH_TOKEN", WORD, True),
        ("UV_INDEX_ACME_PASSWORD", WORD, True),
        ("npm_config__auth", WORD, True),
        ("PIP_INDEX_URL", f"https://me:{WORD}@registry.example.org/simple", True),
        ("SSH_AUTH_SOCK", "/tmp/ssh-abcdefgh/agent.1", False),  # noqa: S108 - a name alone
        ("PASSWORD_STORE_DIR", "/home/me/.passwords", False),
        ("GREETING", WORD, False),
        ("SECRET_MODE", "on", False),
    ],
)
def test_variables_that_are_called_like_a_secret_are_known(
    tmp_path: Path,
    name: str,
    value: str,
    known: bool,  # noqa: FBT001 - a column of the table
) -> None:
    found = credentials.known(tmp_path, {"HOME": str(tmp_path), name: value})

    assert (WORD in found) is known
    assert value in found or not known or "://" in value


# where they are hidden


def test_what_a_child_prints_has_no_token_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(f"//registry.example.org/:_authToken={WORD}\n")
    said: list[str] = []
    script = f"print('npm http fetch with', {WORD!r}); print('error {KEY}')"
    ended = child.run((sys.executable, "-c", script), tmp_path, {}, said.append)

    assert said == [*ended.tail]
    assert said[0] == "npm http fetch with …"
    assert WORD not in ended.reason()
    assert KEY not in "".join(said)


def test_what_is_asked_of_a_child_keeps_its_answer_and_not_its_complaints(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(f"//registry.example.org/:_authToken={WORD}\n")
    script = f"import sys; print({WORD!r}); print('error:', {WORD!r}, file=sys.stderr)"
    got = child.answer((sys.executable, "-c", script), tmp_path, {}, seconds=20, most=1000)

    assert got.data.decode().strip() == WORD
    assert got.ended.tail == ("error: …",)
