"""Whose a source is, by its name: libraries and bundler runtimes against the project's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.maps.origin import is_third_party, plain_name

THIRD_PARTY = """
../node_modules/left-pad/index.js
node_modules/@scope/kit/dist/kit.mjs
webpack://app/./node_modules/lodash/lodash.js
webpack:///./~/lodash/lodash.js
webpack:///~/lodash/lodash.js
webpack://app/./~/lodash/lodash.js
./~/lodash/lodash.js
../~/lodash/lodash.js
../../.pnpm/preact@10.0.0/preact.js
../.yarn/cache/x-npm-1.0.0-0a1b2c.zip/x/index.js
..\\..\\node_modules\\x\\index.js
../bower_components/jquery/jquery.js
../web_modules/htm.js
webpack/bootstrap
webpack/bootstrap 0a1b2c3d
webpack:///webpack/bootstrap
webpack://app/webpack/runtime/define property getters
webpack://app/webpack/universalModuleDefinition
../webpack/bootstrap
../webpack/runtime/get mini-css chunk filename
../pdfjs-dist/build/pdf/webpack/bootstrap
../webpack/runtime/global?1a2b
webpack:///(webpack)/buildin/module.js
webpack://app/(webpack)-dev-server/client/index.js
webpack:///./(webpack)/hot/log.js
external "react"
webpack://app/external commonjs "react"
webpack://app/ignored|/work/fs
\x00commonjsHelpers.js
\x00rollupPluginBabelHelpers
_commonjsHelpers.js
../../_virtual/_rollupPluginBabelHelpers.js
../../node_modules/tslib/tslib.es6.js
../cjs/tslib/tslib.es6.js
tslib/tslib.js
\x00vite/preload-helper.js
vite/modulepreload-polyfill
../../vite/preload-helper
[turbopack]/browser/runtime/base/runtime-base.ts
bun:wrap
"""

FIRST_PARTY = """
src/index.ts
../src/index.ts
/work/src/index.ts
webpack://app/./src/index.ts
webpack:///./src/index.ts
turbopack:///[project]/src/page.tsx
webpack/config.js
webpack/plugins/own.js
webpack://app/./webpack/plugins/own.js
./webpack/plugins/own.js
../webpack/bootstrap.js
src/webpack/runtime/own.js
src/webpack/runtime/deeper/own
src/webpack/bootstrapper
webpack-config/index.js
~/components/button.vue
src/~/button.vue
src/tslib/index.ts
lib/tslib/own.js
src/node_modules.ts
src/node_modules_shim/index.ts
src/external.ts
src/external/loader.ts
external/loader.ts
externals "x".ts
src/virtual/list.ts
src/my_virtual/list.ts
src/commonjsHelpersTest.ts
src/vite/preload.ts
turbopack/own.ts
Node_Modules.ts
"""


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize("source", lines(THIRD_PARTY))
def test_a_library_s_or_a_bundler_s_source(source: str) -> None:
    assert is_third_party(source)


@pytest.mark.parametrize("source", lines(FIRST_PARTY))
def test_the_project_s_own_source(source: str) -> None:
    assert not is_third_party(source)


@given(st.text(max_size=30))
@settings(deadline=None)
def test_any_name_below_node_modules_is_a_library_s(name: str) -> None:
    assert is_third_party(f"../node_modules/{name}")


@given(st.from_regex(r"(\.\./){0,3}src(/[a-z_-]{1,9}){1,3}\.tsx?", fullmatch=True))
@settings(deadline=None)
def test_nothing_below_src_is_a_library_s_by_chance(name: str) -> None:
    assert is_third_party(name) == ("/_virtual/" in name)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("src/a.ts", "src/a.ts"),
        ("../../src/a.ts", "src/a.ts"),
        ("./src/a.ts", "src/a.ts"),
        ("webpack://app/./src/a.ts", "src/a.ts"),
        ("webpack:///./src/a.ts?1a2b", "src/a.ts"),
        ("webpack:///src/a.vue?vue&type=script", "src/a.vue"),
        ("file:///work/src/a.ts", "work/src/a.ts"),
        ("/work/src/a.ts", "/work/src/a.ts"),
        ("?", "?"),
        ("../", "../"),
    ],
)
def test_people_are_shown_a_name_without_scheme_query_and_dots(source: str, shown: str) -> None:
    assert plain_name(source) == shown


@given(st.text(min_size=1, max_size=30))
@settings(deadline=None)
def test_every_name_is_shown_as_something(source: str) -> None:
    assert plain_name(source)
