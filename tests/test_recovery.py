"""What maps give back together: each text once, whose it is, whether it ships or was left out."""

from __future__ import annotations

import json

import pytest

from auditor.model import ByteCount
from auditor.recovery import Amount, Recovery
from tests.made_maps import made_map, recovered


def paths(found: Recovery) -> list[str]:
    return [one.path for one in found.files]


def amount(files: int, lines: int, size: int) -> Amount:
    return Amount(files=files, lines=lines, size=ByteCount(size))


def test_one_map_is_told_source_by_source() -> None:
    found = recovered(
        {
            "dist/app.js": "let a\n//# sourceMappingURL=app.js.map\n",
            "dist/app.js.map": made_map(
                {
                    "../src/a.ts": "let a\nlet b\n",
                    "../src/flag.ts": "off",
                    "../node_modules/lib/i.js": "x\n",
                    "../src/none.ts": None,
                },
                mapped=[0, 2],
            ),
        }
    )

    assert [
        (one.path, one.size, one.lines, one.language, one.third_party, one.in_bundle)
        for one in found.files
    ] == [
        ("node_modules/lib/i.js", 2, 1, "JavaScript", True, True),
        ("src/a.ts", 12, 2, "TypeScript", False, True),
        ("src/flag.ts", 3, 1, "TypeScript", False, False),
    ]
    (row,) = found.maps
    assert (row.path, row.line, row.linked, row.listed) == ("dist/app.js.map", None, True, 4)
    assert row.first_party == row.undisclosed == amount(2, 3, 15)
    assert row.third_party == amount(1, 1, 2)
    assert row.removed == 1
    assert found.totals.removed == amount(1, 1, 3)
    assert found.totals.languages == (("TypeScript", amount(2, 3, 15)),)


def test_a_text_in_several_maps_is_one_file_that_names_them_all() -> None:
    found = recovered(
        {
            "dist/a.js.map": made_map({"../src/a.ts": "let a"}, mapped=[]),
            "lib/b.js.map": made_map({"../src/a.ts": "let a", "../src/b.ts": "let b"}),
            "lib/c.js.map": made_map({"../src/a.ts": "let c"}),
        }
    )

    assert [(one.path, one.maps) for one in found.files] == [
        ("src/a (2).ts", (2,)),
        ("src/a.ts", (0, 1)),
        ("src/b.ts", (1,)),
    ]
    assert found.totals.first_party == amount(3, 3, 15)
    assert found.totals.texts == 3


def test_the_same_text_in_two_folders_is_two_files_and_one_text() -> None:
    found = recovered({"a.map": made_map({"a/index.ts": "same", "b/index.ts": "same"})})

    assert paths(found) == ["a/index.ts", "b/index.ts"]
    assert found.totals.texts == 1


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [([[0], []], True), ([[], [0]], True), ([[1], [1]], False), ([[], []], None)],
)
def test_a_source_is_in_the_bundle_if_any_map_has_code_of_it(
    mapped: list[list[int]],
    expected: bool | None,  # noqa: FBT001 - three values
) -> None:
    found = recovered(
        {
            f"{index}.map": made_map({"a.ts": "let a", f"{index}.ts": f"{index}"}, mapped=used)
            for index, used in enumerate(mapped)
        }
    )

    assert {one.path: one.in_bundle for one in found.files}["a.ts"] is expected


def test_what_ships_anyway_is_neither_undisclosed_nor_removed() -> None:
    found = recovered(
        {
            "src/a.ts": "let a\n",
            "dist/a.js.map": made_map({"../src/a.ts": "let a\n", "../src/b.ts": "b"}, mapped=[1]),
        }
    )

    assert {one.path: one.ships for one in found.files} == {"src/a.ts": True, "src/b.ts": False}
    assert found.totals.ships == amount(1, 1, 6)
    assert found.totals.undisclosed == amount(1, 1, 1)
    assert found.totals.removed == amount(0, 0, 0)


def test_what_one_map_calls_first_party_is_first_party() -> None:
    found = recovered(
        {
            "a.map": made_map({"x/y/a.ts": "let a"}, ignoreList=[0]),
            "b.map": made_map({"x/y/a.ts": "let a"}),
        }
    )

    assert [(one.third_party, one.maps) for one in found.files] == [(False, (0, 1))]


def test_each_source_is_seen_from_the_root_of_its_own_section() -> None:
    sections = [
        {
            "offset": {"line": line, "column": 0},
            "map": json.loads(made_map({"a.ts": root}, root=root)),
        }
        for line, root in enumerate(["one", "two"])
    ]
    text = json.dumps({"version": 3, "sections": sections})

    assert paths(recovered({"dist/app.js.map": text})) == ["dist/one/a.ts", "dist/two/a.ts"]


def test_no_source_has_the_path_of_the_list_that_an_extraction_writes() -> None:
    found = recovered({"a.map": made_map({"AUDIT-MAP.json": "1"})})

    assert paths(found) == ["AUDIT-MAP (2).json"]


def test_without_maps_there_is_nothing_to_recover() -> None:
    found = recovered({"a.js": "let a"})

    assert (found.maps, found.files, found.gaps) == ((), (), ())
    assert found.totals.first_party == amount(0, 0, 0)
