"""What a look-alike name is, and what is none: known cases, and laws for any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.names import Kind, Level, Lookalike, spelling
from auditor.names.matcher import Matcher
from auditor.names.wordings import LITTLE, _is_version
from tests.often import often

MATCHERS = {ecosystem: Matcher(ecosystem) for ecosystem in ("npm", "pypi")}
SAID_LITTLE = sorted(LITTLE)
THOROUGH = settings(max_examples=often(400), deadline=None)

FOUND = [
    # attacks that were in the news
    ("npm", "plain-crypto-js", "crypto-js", Level.DEFAULT),
    ("npm", "crossenv", "cross-env", Level.DEFAULT),
    ("npm", "cross-env.js", "cross-env", Level.DEFAULT),
    ("npm", "@typess/node", "@types/node", Level.DEFAULT),
    ("npm", "types-node", "@types/node", Level.EVERYTHING),
    ("pypi", "colourama", "colorama", Level.DEFAULT),
    ("pypi", "python3-dateutil", "python-dateutil", Level.DEFAULT),
    ("pypi", "jeIlyfish", "jellyfish", Level.DEFAULT),
    # popular in the other registry alone
    ("npm", "beautifulsoup4", "beautifulsoup4", Level.EVERYTHING),
    ("pypi", "react-router-dom", "react-router-dom", Level.EVERYTHING),
    # slips in the most popular names: the surest of all
    ("npm", "expresss", "express", Level.QUIET),
    ("npm", "lodahs", "lodash", Level.QUIET),
    ("npm", "1odash", "lodash", Level.QUIET),
    ("npm", "typescirpt", "typescript", Level.QUIET),
    ("pypi", "reqeusts", "requests", Level.QUIET),
    ("pypi", "requestss", "requests", Level.QUIET),
    ("pypi", "urlib3", "urllib3", Level.QUIET),
    # characters that are not the ones that they look like
    ("npm", "lod\u0430sh", "lodash", Level.QUIET),
    ("pypi", "requ\u0435sts", "requests", Level.QUIET),
    # the same words, otherwise joined or in another order
    ("npm", "crypto.js", "crypto-js", Level.DEFAULT),
    ("pypi", "pythondateutil", "python-dateutil", Level.DEFAULT),
    ("pypi", "dateutil-python", "python-dateutil", Level.DEFAULT),
    ("pypi", "yaml", "pyyaml", Level.DEFAULT),
    ("pypi", "cv2", "opencv-python", Level.DEFAULT),
    ("pypi", "smtplib", "smtplib", Level.DEFAULT),
    ("pypi", "marshl", "marshal", Level.QUIET),
]
POPULAR = {
    "npm": (
        "lodash lodash-es react preact react-dom react-router-dom express typescript semver debug"
        " chalk commander axios vue rxjs crypto-js cross-env date-fns glob uuid ms ws ini q yargs"
        " @babel/core @babel/parser @types/node @types/react @angular/core @eslint/js JSONStream"
    ).split(),
    "pypi": (
        "requests requests-oauthlib types-requests urllib3 numpy pandas boto3 botocore colorama"
        " python-dateutil opencv-python opencv-python-headless jellyfish six attrs pyyaml jinja2"
        " django flask cryptography zope-interface typing-extensions pip setuptools wheel idna"
    ).split(),
}
NOBODY = [
    ("npm", "@acme/lodash"),  # a fork under a name of one's own
    ("npm", "acme-billing-frontend"),
    ("npm", "@acme/internal-tools"),
    ("pypi", "acme-billing-service"),
    ("pypi", "zzyzx-road-conditions"),
]
NO_NAME = [
    "",
    " ",
    "-",
    "_",
    ".",
    "@",
    "/",
    "@/",
    "@types/",
    "@types",
    "/node",
    "a",
    "\0",
    "\ud800",
]

WORDS = st.sampled_from(
    ["js", "node", "python", "py", "types", "plain", "utils", "@acme/", "\u0430"]
)
PIECES = st.text("abcdeilorstxyz013-_./@ AI\u0430\u0435\u0131", max_size=3) | WORDS
LEVELS = st.sampled_from(list(Level))


@st.composite
def near(draw: st.DrawFn, ecosystem: str) -> str:
    """Draw a name that is made of a popular one by a few cuts and additions."""
    name = draw(st.sampled_from(POPULAR[ecosystem]))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(name)))
        end = draw(st.integers(start, min(len(name), start + 2)))
        name = name[:start] + draw(PIECES) + name[end:]
    return name


def any_text(ecosystem: str) -> st.SearchStrategy[str]:
    return near(ecosystem) | st.text(st.characters(), max_size=60)  # lone surrogates among it


@st.composite
def worded(draw: st.DrawFn, ecosystem: str) -> str:
    """Draw a name of a popular one and words before and behind, or of several popular ones."""
    pieces = st.sampled_from(POPULAR[ecosystem]) | st.sampled_from(
        [*SAID_LITTLE, "v2", "10", "zyqqo"]
    )
    return draw(st.sampled_from("-._")).join(draw(st.lists(pieces, min_size=2, max_size=4)))


ASKED = st.sampled_from(list(MATCHERS)).flatmap(
    lambda ecosystem: st.tuples(st.just(ecosystem), any_text(ecosystem))
)


WORDED = st.sampled_from(list(MATCHERS)).flatmap(
    lambda ecosystem: st.tuples(st.just(ecosystem), worded(ecosystem))
)


def judged(ecosystem: str, name: str, level: Level = Level.EVERYTHING) -> Lookalike | None:
    return MATCHERS[ecosystem].judge(name, level)


def plain(ecosystem: str, name: str) -> str:
    """Return the one spelling of a name; PEP 503 has one for PyPI, npm takes all for different."""
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "pypi" else name


def told(lookalike: Lookalike | None) -> tuple[str, Kind, Level, int] | None:
    """Return what is the same for all spellings of a name."""
    if lookalike is None:
        return None
    return lookalike.target, lookalike.kind, lookalike.level, lookalike.rank


def test_a_name_of_the_other_registry_does_not_look_like_itself() -> None:
    answer = judged("npm", "beautifulsoup4")

    assert answer is not None
    assert answer.likeness == "has the name of a popular project of another registry"
    assert re.fullmatch(r"number \d{2,3} of PyPI", answer.reason)
    assert judged("npm", "beautifulsoup4", Level.DEFAULT) is None


@pytest.mark.parametrize(("ecosystem", "name", "target", "level"), FOUND)
def test_a_look_alike_is_found(ecosystem: str, name: str, target: str, level: Level) -> None:
    answer = judged(ecosystem, name, level)

    assert answer is not None
    assert answer.target == target
    assert answer.level <= level
    assert answer.rank >= 1
    assert re.fullmatch(r"[^\n]+", answer.reason)


@pytest.mark.parametrize(
    ("ecosystem", "name"), [(each, name) for each, names in POPULAR.items() for name in names]
)
@pytest.mark.parametrize("level", list(Level))
def test_a_popular_name_is_told_at_no_level(ecosystem: str, name: str, level: Level) -> None:
    assert judged(ecosystem, name, level) is None


@pytest.mark.parametrize(("ecosystem", "name"), NOBODY)
def test_a_name_of_nobody_is_not_told(ecosystem: str, name: str) -> None:
    assert judged(ecosystem, name, Level.DEFAULT) is None


@pytest.mark.parametrize("ecosystem", list(MATCHERS))
@pytest.mark.parametrize("text", NO_NAME)
def test_what_is_no_name_is_not_told(ecosystem: str, text: str) -> None:
    assert judged(ecosystem, text) is None


@pytest.mark.parametrize("ecosystem", list(MATCHERS))
@pytest.mark.parametrize("piece", ["a", "-", "lodash-", "a-", "@a/", "requests", "\u0430"])
def test_a_text_longer_than_any_name_is_not_told(ecosystem: str, piece: str) -> None:
    assert judged(ecosystem, piece * 100_000) is None


@pytest.mark.parametrize(
    "name", ["Colour_Ama", "COLOURAMA", "python3.dateutil", "Python3__Dateutil", "Typing.Extension"]
)
def test_case_and_separators_do_not_matter_on_pypi(name: str) -> None:
    assert told(judged("pypi", name)) == told(judged("pypi", plain("pypi", name)))


@pytest.mark.parametrize("name", ["Requests", "REQUESTS", "Zope.Interface", "typing_extensions"])
def test_another_spelling_of_a_popular_name_is_that_name_on_pypi(name: str) -> None:
    assert judged("pypi", name) is None


@settings(THOROUGH, max_examples=often(100))  # each loads the index again
@given(ASKED, LEVELS)
def test_any_text_has_an_answer_and_always_the_same(asked: tuple[str, str], level: Level) -> None:
    ecosystem, name = asked
    answer = judged(ecosystem, name, level)

    assert answer == judged(ecosystem, name, level)
    assert answer == Matcher(ecosystem).judge(name, level)
    assert answer is None or answer.level <= level
    assert answer is None or plain(ecosystem, answer.name) == plain(ecosystem, name)


@THOROUGH
@given(ASKED)
@example(("npm", "crossenv"))
@example(("pypi", "colourama"))
def test_who_is_imitated_is_popular_and_another(asked: tuple[str, str]) -> None:
    ecosystem, name = asked
    answer = judged(ecosystem, name)
    if answer is not None:
        of_target = judged(ecosystem, answer.target)
        if of_target is not None:  # a module of the language, or a project of the other registry
            assert of_target.kind in {Kind.IMPORT, Kind.ELSEWHERE}
            assert of_target.target == answer.target
        else:
            assert answer.target != name
        assert answer.rank >= 1


@THOROUGH
@given(ASKED | WORDED)
@example(("npm", "lodahs"))
@example(("npm", "lodash-10"))
@example(("pypi", "reqeusts"))
def test_a_level_tells_of_all_that_a_higher_one_does_what_is_of_it(asked: tuple[str, str]) -> None:
    everything = judged(*asked)

    for level in (Level.QUIET, Level.DEFAULT):
        of_level = everything is not None and everything.level <= level
        assert judged(*asked, level) == (everything if of_level else None)


@THOROUGH
@given(st.text(st.sampled_from("aZ1|!-_.@/\u0130\u0301\u0430\uff11\u212a"), max_size=6))
def test_a_name_is_what_has_letters_at_a_glance(text: str) -> None:
    glanced = spelling.words(spelling.looks(spelling.base(text)))

    assert MATCHERS["npm"]._is_name(text) == bool(glanced)  # noqa: SLF001 - what is told is rarer


@THOROUGH
@given(near("pypi"), st.lists(st.sampled_from(["-", "_", ".", "--", "_."]), min_size=3), st.data())
def test_any_spelling_of_a_name_is_judged_alike_on_pypi(
    name: str, separators: list[str], data: st.DataObject
) -> None:
    words = re.split(r"[-_.]+", name)
    spelled = words[0]
    for number, word in enumerate(words[1:]):
        spelled += separators[number % len(separators)] + word
    if spelled.isascii():  # what PEP 503 speaks of
        upper = data.draw(st.sets(st.sampled_from(range(len(spelled) + 1))))
        spelled = "".join(c.upper() if at in upper else c for at, c in enumerate(spelled))

    assert told(judged("pypi", spelled)) == told(judged("pypi", name))


@pytest.mark.parametrize(
    ("word", "is_one"),
    [("2", True), ("v2", True), ("\u0662", True), ("\u00b2", False), ("v", False), ("vv2", False)],
)
def test_a_version_among_words_has_decimal_digits(word: str, *, is_one: bool) -> None:
    assert _is_version(word) is is_one
