"""What may be typed for a release, and what may not."""

from __future__ import annotations

import pytest

from auditor.errors import UsageError
from auditor.specs import is_spec, spec_of


@pytest.mark.parametrize(
    ("text", "name", "version", "files", "typed"),
    [
        ("npm:left-pad", "left-pad", "", "", None),
        ("npm:left-pad@1.3.0", "left-pad", "1.3.0", "", None),
        ("npm:left-pad@latest", "left-pad", "", "", None),
        ("npm:left-pad@next", "left-pad", "next", "", None),
        ("npm:@acme/kit", "@acme/kit", "", "", None),
        ("npm:@acme/kit@1.0.0-rc.1+b", "@acme/kit", "1.0.0-rc.1+b", "", None),
        ("pypi:six", "six", "", "", None),
        ("pypi:zope.interface==1!2.0+x.1", "zope.interface", "1!2.0+x.1", "", None),
        ("pypi:six@latest", "six", "", "", None),
        ("pypi:six==1.0/*.whl", "six", "1.0", "*.whl", "pypi:six==1.0"),
        ("pypi:six/six-1.0.tar.gz", "six", "", "six-1.0.tar.gz", "pypi:six"),
    ],
)
def test_a_release_is_a_name_and_maybe_a_version(
    text: str, name: str, version: str, files: str, typed: str | None
) -> None:
    found = spec_of(text)
    assert is_spec(text)
    assert (found.ecosystem, found.name) == (text.partition(":")[0], name)
    assert (found.version, found.files, found.typed) == (version, files, typed or text)


@pytest.mark.parametrize(
    "text",
    [
        "npm:",
        "npm:@",
        "npm:a@",
        "npm:a@^1.0",
        "npm:a@1 || 2",
        "npm:a@npm:b@1",
        "npm:a/b",
        "npm:a@../../x",
        "pypi:",
        "pypi:six==",
        "pypi:six>=1",
        "pypi:six==1.*",
        "pypi:../six",
        "pypi:six==1/",
        "pypi:six\n",
        "pypi:six==" + "1" * 257,
    ],
)
def test_everything_else_is_an_error_of_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"names no version|is no release"):
        spec_of(text)


@pytest.mark.parametrize("text", ["npm", "./npm:a", "cargo:a", "C:\\a", "npm.tgz", "."])
def test_a_path_is_no_release(text: str) -> None:
    assert not is_spec(text)
