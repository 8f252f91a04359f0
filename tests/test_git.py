"""What git says of packed files, asked in real repositories."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from auditor.facts import Contents
from auditor.facts.project.git_state import GitSeen, PathState, State
from auditor.facts.python.record import MemberDigest
from auditor.model import ArtifactKind, Member, MemberType
from auditor.sources import git, git_program

Write = Callable[..., Path]
UNASKED = "which packed files git ignores or does not know was not found out"
NO_REPOSITORY = "not a git repository (or any of the parent directories): .git"
NOT_ASKED = "git was not asked about them"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="names and links of POSIX")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give git a home of its own, whose global excludes name `*.mine`."""
    folder = tmp_path / "home"
    (folder / ".config/git").mkdir(parents=True)
    (folder / ".config/git/ignore").write_text("*.mine\n", encoding="utf-8")
    (folder / ".gitconfig").write_text(
        '[user]\nname = A\nemail = a@example.org\n[protocol "file"]\nallow = always\n',
        encoding="utf-8",
    )
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return folder


def run(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


def repository(
    folder: Path, tracked: Mapping[str, str], loose: Mapping[str, str] | None = None
) -> Path:
    """Make a repository with one commit, then write what is not in it."""
    folder.mkdir(parents=True, exist_ok=True)
    run(folder, "init", "-q")
    written(folder, tracked)
    run(folder, "add", "-A", "-f")
    run(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return written(folder, loose or {})


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def packed(
    paths: Mapping[str, str] | list[str], kind: ArtifactKind = ArtifactKind.NPM_TARBALL
) -> Contents:
    """Return an artifact of paths with their contents."""
    contents = paths if isinstance(paths, Mapping) else dict.fromkeys(paths, "")
    data = {path: text.encode() for path, text in contents.items()}
    digests = tuple(
        MemberDigest(path=path, size=len(text), sha256=hashlib.sha256(text).digest())
        for path, text in data.items()
    )
    return Contents(
        kind=kind,
        members=tuple(Member(path=p, name=p, size=len(text)) for p, text in data.items()),
        observations={MemberDigest: digests} if kind is ArtifactKind.WHEEL else {},
    )


def asked(folder: Path, paths: list[str]) -> dict[str, str]:
    """Return what git says of the paths of a tarball, in the spelling of rule tests."""
    seen = git.seen(folder, packed(paths))
    assert seen is not None
    assert seen.notes == ()
    return spelled(seen)


def spelled(seen: GitSeen) -> dict[str, str]:
    return {one.path: in_words(one) for one in seen.states}


def in_words(one: PathState) -> str:
    pattern = f" {one.pattern_source} {one.pattern}" if one.pattern else ""
    folder = one.folder if one.state is State.IGNORED else one.untracked_folder
    return f"{one.state.value}{pattern}{f' in {folder}' if folder else ''}"


IGNORES = ".gitignore"
CASES: list[tuple[str, dict[str, str], str, str]] = [
    ("tracked", {}, "kept.js", "tracked"),
    ("not on disk", {}, "made.js", "generated"),
    ("untracked", {}, "new.js", "untracked"),
    ("untracked beside tracked ones", {}, "src/new.js", "untracked"),
    ("in a folder of which git knows nothing", {}, "a/b/new.js", "untracked in a"),
    ("in a new folder inside a tracked one", {}, "src/n/new.js", "untracked in src/n"),
    ("a pattern for files", {IGNORES: "# x\n*.log\n"}, "a.log", "ignored .gitignore:2 *.log"),
    (
        "a pattern for folders",
        {IGNORES: "out/\n"},
        "out/x/a.js",
        "ignored .gitignore:1 out/ in out",
    ),
    (
        "a folder further down",
        {IGNORES: "out\n"},
        "src/out/a",
        "ignored .gitignore:1 out in src/out",
    ),
    (
        "a pattern for all in a folder",
        {IGNORES: "out/*\n"},
        "out/a",
        "ignored .gitignore:1 out/* in out",
    ),
    (
        "the same where git keeps a placeholder",
        {IGNORES: "out/**\n!out/.gitkeep\n", "out/.gitkeep": ""},
        "out/x/a",
        "ignored .gitignore:1 out/** in out",
    ),
    (
        "the same where git holds part of it",
        {IGNORES: "out/*\n!out/own.js\n", "out/own.js": ""},
        "out/a.env",
        "ignored .gitignore:1 out/*",
    ),
    (
        "an ignore file that ignores its own folder",
        {"out/.gitignore": "*\n"},
        "out/a.js",
        "ignored out/.gitignore:1 * in out",
    ),
    (
        "an ignore file that lists what to keep",
        {IGNORES: "*\n!*/\n!*.js\n"},
        "src/a.env",
        "ignored .gitignore:1 *",
    ),
    ("a negated pattern", {IGNORES: "*.log\n!kept.log\n"}, "kept.log", "untracked"),
    (
        "a negated pattern that a parent overrules",
        {IGNORES: "out/\n!out/a.js\n"},
        "out/a.js",
        "ignored .gitignore:1 out/ in out",
    ),
    (
        "a nested ignore file",
        {"src/.gitignore": "*.tmp\n"},
        "src/d/a.tmp",
        "ignored src/.gitignore:1 *.tmp",
    ),
    ("a nested ignore file elsewhere", {"src/.gitignore": "*.tmp\n"}, "a.tmp", "untracked"),
    ("the repository's own list", {}, "a.local", "ignored .git/info/exclude:1 *.local"),
    ("the user's own list", {}, "a.mine", "ignored ~/.config/git/ignore:1 *.mine"),
    ("tracked though ignored", {IGNORES: "*.env\n", "a.env": ""}, "a.env", "tracked"),
    (
        "in an ignored folder of which one file is tracked",
        {IGNORES: "out/\n", "out/kept.js": ""},
        "out/a.js",
        "ignored .gitignore:1 out/ in out",
    ),
    ("pathspec signs", {IGNORES: "*.log\n"}, ":(glob)a.log", "ignored .gitignore:1 *.log"),
    ("a leading dash", {IGNORES: "-*\n"}, "-z", "ignored .gitignore:1 -*"),
    ("spaces", {IGNORES: "a b/\n"}, "a b/c d.js", "ignored .gitignore:1 a b/ in a b"),
    ("not ASCII", {IGNORES: "é*\n"}, "élan.txt", "ignored .gitignore:1 é*"),
]


@pytest.mark.parametrize(
    ("tracked", "path", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_git_is_asked_for_the_state_of_each_file(
    tmp_path: Path, tracked: dict[str, str], path: str, wanted: str
) -> None:
    base = {"kept.js": "", "src/kept.js": ""}
    loose = {} if wanted in {"tracked", "generated"} else {path: ""}
    project = repository(tmp_path / "project", {**base, **tracked}, loose)
    (project / ".git/info/exclude").write_text("*.local\n", encoding="utf-8")

    assert asked(project, [path]) == {path: wanted}


@POSIX
def test_names_that_no_line_holds(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"kept.js": "", ".gitignore": "*.log\n"})
    for name in (b"new\nline.log", b"tab\t", b"caf\xe9.log", b"kept\xff", b"back\\slash.log"):
        Path(os.fsdecode(os.path.join(os.fsencode(project), name))).write_bytes(b"")  # noqa: PTH118
    run(project, "add", "-f", "--", "tab\t", ":(glob)kept?")

    assert asked(
        project, ["new\nline.log", "tab\t", "caf\\xe9.log", "kept\\xff", "back\\slash.log"]
    ) == {
        "new\nline.log": "ignored .gitignore:1 *.log",
        "tab\t": "tracked",
        "caf\\xe9.log": "ignored .gitignore:1 *.log",
        "kept\\xff": "tracked",
        "back\\slash.log": "ignored .gitignore:1 *.log",
    }


def test_paths_that_lead_out_or_into_git_are_not_asked_for(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"kept.js": ""}, {"../outside.txt": ""})

    paths = ["../outside.txt", "a/../../outside.txt", ".git/config", "x\0y", "/etc/passwd"]
    assert asked(project, [*paths, "node_modules/a/index.js", "kept.js"]) == {"kept.js": "tracked"}


def test_members_of_nested_archives_and_folders_are_not_asked_for(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"kept.js": "", "a.zip": ""})
    contents = Contents(
        kind=ArtifactKind.SDIST,
        members=(
            Member(path="a.zip", name="a.zip", size=0),
            Member(path="a.zip!b.js", name="b.js", size=0, nested=True),
            Member(path="src", name="src", size=0, type=MemberType.DIRECTORY),
            Member(path="a.zip", name="a.zip", size=0),
        ),
    )

    seen = git.seen(project, contents)

    assert seen is not None
    assert spelled(seen) == {"a.zip": "tracked"}
    assert len(seen.states) == 1


def test_a_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "repo",
        {".gitignore": "*.env\n/packages/a/dist/\n", "packages/a/kept.js": "", "kept.js": ""},
        {"packages/a/.env": "", "packages/a/dist/a.js": "", "packages/a/n.js": ""},
    )

    assert asked(root / "packages/a", [".env", "dist/a.js", "n.js", "kept.js"]) == {
        ".env": "ignored .gitignore:1 *.env",
        "dist/a.js": "ignored .gitignore:2 /packages/a/dist/ in dist",
        "n.js": "untracked",
        "kept.js": "tracked",
    }


def test_a_worktree_whose_git_is_a_file(tmp_path: Path) -> None:
    main = repository(tmp_path / "main", {"kept.js": "", ".gitignore": "*.log\n"})
    (main / ".git/info/exclude").write_text("*.local\n", encoding="utf-8")
    other = tmp_path / "other"
    run(main, "worktree", "add", "-q", str(other))
    written(other, {"a.log": "", "a.local": "", "new.js": ""})

    assert (other / ".git").is_file()
    assert asked(other, ["kept.js", "a.log", "a.local", "new.js"]) == {
        "kept.js": "tracked",
        "a.log": "ignored .gitignore:1 *.log",
        "a.local": "ignored .git/info/exclude:1 *.local",
        "new.js": "untracked",
    }


def test_a_submodule_is_asked_for_its_own_files(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", {"lib.c": "", ".gitignore": "*.o\n"})
    project = repository(tmp_path / "project", {"kept.js": ""})
    run(project, "submodule", "add", "-q", str(library), "vendor/lib")
    run(project, "commit", "-q", "-m", "two")
    written(project, {"vendor/lib/lib.o": "", "vendor/lib/new.c": "", "vendor/new.c": ""})
    paths = ["vendor/lib/lib.c", "vendor/lib/lib.o", "vendor/lib/new.c", "vendor/new.c"]

    assert asked(project, paths) == {
        "vendor/lib/lib.c": "tracked",
        "vendor/lib/lib.o": "ignored .gitignore:1 *.o",
        "vendor/lib/new.c": "untracked",
        "vendor/new.c": "untracked",
    }
    assert asked(project / "vendor/lib", ["lib.c", "lib.o"]) == {
        "lib.c": "tracked",
        "lib.o": "ignored .gitignore:1 *.o",
    }


def test_a_submodule_that_git_cannot_open_is_said(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", {"lib.c": ""})
    project = repository(tmp_path / "project", {"kept.js": ""})
    run(project, "submodule", "add", "-q", str(library), "lib")
    (project / "lib/.git").write_text("gitdir: /nowhere/at/all\n", encoding="utf-8")

    seen = git.seen(project, packed(["lib/lib.c", "kept.js"]))

    assert seen is not None
    assert spelled(seen) == {"kept.js": "tracked"}
    assert seen.notes == (
        "git was not asked about the files of lib: git says: not a git repository: /nowhere/at/all",
    )


def test_a_repository_inside_the_repository_is_a_folder_that_git_does_not_know(
    tmp_path: Path,
) -> None:
    project = repository(tmp_path / "project", {"kept.js": ""})
    repository(project / "inner", {"a.js": ""})

    assert asked(project, ["inner/a.js"]) == {"inner/a.js": "untracked in inner"}


@POSIX
def test_links_are_followed_to_what_is_behind_them(tmp_path: Path) -> None:
    project = repository(
        tmp_path / "repo/project",
        {"kept.js": "", "real/a.js": "", ".gitignore": "*.log\n"},
        {"real/a.log": "", "../outside/b.js": "", "loose/c.js": ""},
    )
    for name, target in (("in", "real"), ("out", "../outside"), ("new", "loose"), ("gone", "no")):
        (project / name).symlink_to(target)
    run(project, "add", "in")

    seen = git.seen(
        project, packed(["in", "in/a.js", "in/a.log", "out/b.js", "new/c.js", "new", "gone/x"])
    )

    assert seen is not None
    assert spelled(seen) == {
        "in": "tracked",
        "in/a.js": "tracked",
        "in/a.log": "ignored .gitignore:1 *.log",
        "new/c.js": "untracked in new",
        "new": "untracked",
    }
    assert seen.notes == (f"git was not asked about the files of out: git says: {NO_REPOSITORY}",)


@POSIX
def test_more_links_than_anybody_has_are_not_all_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_MOST_ZONES", 2)
    project = repository(tmp_path / "project", {"kept.js": "", "real/a.js": ""})
    for number in range(5):
        (project / f"in{number}").symlink_to("real")

    seen = git.seen(project, packed([f"in{number}/a.js" for number in range(5)]))

    assert seen is not None
    assert spelled(seen) == {"in0/a.js": "tracked", "in1/a.js": "tracked"}
    assert seen.notes == (
        "git was not asked about the files of the rest: there are more than 2 submodules and links",
    )


# -- where git has little to say


def noted(folder: Path, paths: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    seen = git.seen(folder, packed(paths))
    assert seen is not None
    return spelled(seen), seen.notes


def test_no_repository_is_no_observation(tmp_path: Path) -> None:
    written(tmp_path, {"project/a.js": ""})

    assert git.seen(tmp_path / "project", packed(["a.js"])) is None


def test_without_a_tracked_file_only_ignored_ones_are_known(tmp_path: Path) -> None:
    project = written(tmp_path / "project", {"a.js": "", ".env": "", ".gitignore": ".env\n"})
    run(project, "init", "-q")

    assert noted(project, ["a.js", ".env"]) == (
        {".env": "ignored .gitignore:1 .env"},
        ("git tracks no file of this folder yet: only what it ignores is told",),
    )


def test_files_that_are_staged_and_not_committed_are_tracked(tmp_path: Path) -> None:
    project = written(tmp_path / "project", {"a.js": "", "b.js": ""})
    run(project, "init", "-q")
    run(project, "add", "a.js")

    assert asked(project, ["a.js", "b.js"]) == {"a.js": "tracked", "b.js": "untracked"}


def test_a_project_in_a_folder_that_is_ignored_is_said(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "repo", {".gitignore": "/build/\n", "build/kept.js": ""}, {"build/a.js": ""}
    )

    assert noted(root / "build", ["a.js", "kept.js"]) == (
        {"kept.js": "tracked"},
        (f"{UNASKED}: this folder lies in one that git ignores (.gitignore:1: /build/)",),
    )


def test_a_broken_repository_is_said(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"a.js": ""})
    (project / ".git/index").write_bytes(b"DIRC nonsense")
    states, notes = noted(project, ["a.js"])

    assert states == {}
    assert len(notes) == 1
    assert notes[0].startswith(f"{UNASKED}: git says: ")


def test_git_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = repository(tmp_path / "project", {"a.js": ""})
    monkeypatch.setenv("PATH", str(tmp_path / "home"))

    assert noted(project, ["a.js"]) == (
        {},
        (f"{UNASKED}: git is not installed",),
    )


def test_a_bare_repository_holds_no_project(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    run(folder, "init", "-q", "--bare")

    assert git.seen(folder, packed(["HEAD"])) is None


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="chown needs root")
def test_a_repository_of_somebody_else_is_left_to_git_to_refuse(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"a.js": ""})
    for path in (project, *project.rglob("*")):
        os.chown(path, 12345, 12345)
    states, notes = noted(project, ["a.js"])

    assert states == {}
    assert "detected dubious ownership" in notes[0]


@POSIX
def test_a_question_without_an_answer_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_program, "PATIENCE", 0.5)
    project = repository(tmp_path / "project", {"a.js": ""}, {"b.js": ""})
    os.mkfifo(tmp_path / "fifo")
    run(project, "config", "core.excludesFile", str(tmp_path / "fifo"))

    _, notes = noted(project, ["b.js"])

    assert "did not end within 0.5 seconds" in notes[0]


# -- a repository that wants git to run something


HOSTILE = (
    ("core.fsmonitor", "{0}"),
    ("core.pager", "{0}"),
    ("pager.ls-files", "{0}"),
    ("pager.check-ignore", "{0}"),
    ("alias.ls-files", "!{0}"),
    ("alias.check-ignore", "!{0}"),
    ("core.sshCommand", "{0}"),
    ("core.editor", "{0}"),
    ("core.askPass", "{0}"),
    ("filter.x.clean", "{0}"),
    ("filter.x.smudge", "{0}"),
    ("filter.x.process", "{0}"),
    ("diff.external", "{0}"),
    ("core.hooksPath", "hooks"),
    ("protocol.ext.allow", "always"),
    ("remote.origin.url", "ext::{0}"),
    ("remote.origin.promisor", "true"),
    ("extensions.partialClone", "origin"),
)


@POSIX
def test_nothing_that_a_repository_names_is_run(tmp_path: Path) -> None:
    project = repository(
        tmp_path / "project",
        {"kept.js": "", ".gitattributes": "* filter=x\n", "src/.gitignore": "*.log\n"},
        {"new.js": "", "src/a.log": ""},
    )
    run(project, "update-index", "--skip-worktree", "src/.gitignore")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    program.chmod(0o755)
    (project / "hooks").mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "query-watchman", "post-checkout"):
        shutil.copy(program, project / "hooks" / hook)
    run(project, "config", "core.repositoryFormatVersion", "1")
    for name, value in HOSTILE:
        run(project, "config", name, value.format(program))
    (tmp_path / "ran").unlink(missing_ok=True)

    states = asked(project, ["kept.js", "new.js", "src/a.log"])

    assert states == {
        "kept.js": "tracked",
        "new.js": "untracked",
        "src/a.log": "ignored src/.gitignore:1 *.log",
    }
    assert not (tmp_path / "ran").exists()
    subprocess.run(["git", "status"], cwd=project, check=False, capture_output=True)  # noqa: S607
    assert (tmp_path / "ran").exists(), "the trap does not work"


def test_the_environment_of_a_hook_does_not_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", {"a.js": ""})
    project = repository(tmp_path / "project", {"kept.js": ""}, {"a.js": ""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))

    assert asked(project, ["a.js", "kept.js"]) == {"a.js": "untracked", "kept.js": "tracked"}


def test_the_index_is_not_written(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"kept.js": ""}, {"a.js": ""})
    (project / "kept.js").touch()
    before = {path: path.stat().st_mtime_ns for path in (project / ".git").rglob("*")}

    asked(project, ["a.js", "kept.js"])

    assert {path: path.stat().st_mtime_ns for path in (project / ".git").rglob("*")} == before


def test_ten_thousand_files_are_a_few_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"d{number % 100}/f{number}.js" for number in range(10_000)]
    project = repository(tmp_path / "project", {"kept.js": ""}, dict.fromkeys(names, ""))
    questions = []
    ask = git_program.ask

    def counting(program: str, folder: bytes, *words: str, paths: bytes = b"") -> bytes:
        questions.append(words[0])
        return ask(program, folder, *words, paths=paths)

    monkeypatch.setattr(git, "ask", counting)
    states = asked(project, names)

    assert set(states.values()) == {f"untracked in d{number}" for number in range(100)}
    assert questions == ["ls-files", "check-ignore"]


# -- from which file a packed one comes


def test_the_folder_that_pnpm_packs_instead(tmp_path: Path) -> None:
    project = repository(
        tmp_path / "project",
        {"package.json": '{"publishConfig": {"directory": "./dist"}}', ".gitignore": "dist\n"},
        {"dist/package.json": '{"name": "a"}', "dist/index.js": "run()", "README.md": ""},
    )

    seen = git.seen(project, packed(["package.json", "index.js", "README.md"]))

    assert seen is not None
    assert seen.base == "dist"
    assert spelled(seen) == {
        "package.json": "ignored .gitignore:1 dist in dist",
        "index.js": "ignored .gitignore:1 dist in dist",
        "README.md": "untracked",
    }


WHEEL: list[tuple[str, dict[str, str], dict[str, str], dict[str, str], dict[str, str]]] = [
    (
        "at the root and below src",
        {"demo/a.py": "a", "src/kit/b.py": "b", ".gitignore": "*.log\n"},
        {"demo/x.log": "x", "src/kit/new.py": "n"},
        {"demo/a.py": "a", "kit/b.py": "b", "demo/x.log": "x", "kit/new.py": "n"},
        {
            "demo/a.py": "tracked",
            "kit/b.py": "tracked",
            "demo/x.log": "ignored .gitignore:1 *.log",
            "kit/new.py": "untracked",
        },
    ),
    (
        "content that differs was written by the build, unless git tracks the file",
        {"demo/a.py": "version = 0", ".gitignore": "_version.py\n"},
        {"demo/_version.py": "old", "demo/same.py": "1"},
        {"demo/a.py": "version = 1.0", "demo/_version.py": "new", "demo/same.py": "2"},
        {"demo/a.py": "tracked", "demo/_version.py": "generated", "demo/same.py": "generated"},
    ),
    (
        "below any other folder, once a tracked file has shown it",
        {"backend/app/demo/a.py": "a", ".gitignore": "*.env\n"},
        {"backend/app/demo/.env": "e", "backend/app/demo/new.py": "n"},
        {"demo/a.py": "a", "demo/.env": "e", "demo/new.py": "n"},
        {
            "demo/a.py": "tracked",
            "demo/.env": "ignored .gitignore:1 *.env",
            "demo/new.py": "untracked",
        },
    ),
    (
        "of two files that fit, the one that git tracks",
        {"src/demo/a.py": "a", ".gitignore": "/demo\n"},
        {"demo/a.py": "a"},
        {"demo/a.py": "a"},
        {"demo/a.py": "tracked"},
    ),
    (
        "what lies in dist-info and .data",
        {"LICENSE": "free", "src/demo/a.py": "a", ".gitignore": "NOTICE\n*.h\n"},
        {"NOTICE": "n", "src/demo/x.h": "x"},
        {
            "demo-1.0.dist-info/METADATA": "m",
            "demo-1.0.dist-info/licenses/LICENSE": "free",
            "demo-1.0.dist-info/licenses/NOTICE": "n",
            "demo-1.0.data/purelib/demo/a.py": "a",
            "demo-1.0.data/platlib/demo/x.h": "x",
            "demo-1.0.data/scripts/demo": "s",
        },
        {
            "demo-1.0.dist-info/METADATA": "generated",
            "demo-1.0.dist-info/licenses/LICENSE": "tracked",
            "demo-1.0.dist-info/licenses/NOTICE": "ignored .gitignore:1 NOTICE",
            "demo-1.0.data/purelib/demo/a.py": "tracked",
            "demo-1.0.data/platlib/demo/x.h": "ignored .gitignore:2 *.h",
            "demo-1.0.data/scripts/demo": "generated",
        },
    ),
    (
        "what hatchling puts elsewhere",
        {
            "rules/a.yaml": "a",
            "pyproject.toml": "[tool.hatch.build.targets.wheel]\n"
            'force-include = {"rules" = "demo/rules"}\nshared-data = {"./web" = "share/demo"}\n',
            ".gitignore": "*.bak\n",
        },
        {"rules/a.yaml.bak": "b", "web/app.js": "w"},
        {
            "demo/rules/a.yaml": "a",
            "demo/rules/a.yaml.bak": "b",
            "demo-1.0.data/data/share/demo/app.js": "w",
        },
        {
            "demo/rules/a.yaml": "tracked",
            "demo/rules/a.yaml.bak": "ignored .gitignore:1 *.bak",
            "demo-1.0.data/data/share/demo/app.js": "untracked in web",
        },
    ),
]


@pytest.mark.parametrize(
    ("tracked", "loose", "wheel", "wanted"), [c[1:] for c in WHEEL], ids=[c[0] for c in WHEEL]
)
def test_a_wheels_files_are_found_in_the_project(
    tmp_path: Path,
    tracked: dict[str, str],
    loose: dict[str, str],
    wheel: dict[str, str],
    wanted: dict[str, str],
) -> None:
    project = repository(tmp_path / "project", {"README": "", **tracked}, loose)

    seen = git.seen(project, packed(wheel, ArtifactKind.WHEEL))

    assert seen is not None
    assert spelled(seen) == wanted


def test_a_wheel_that_is_not_found_in_the_project_is_said(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"src/a.py": "a", "src/b.py": "b"})
    wheel = {"moved/a.py": "a", "moved/b.py": "b", "m.so": "", "demo-1.0.dist-info/METADATA": ""}

    seen = git.seen(project, packed(wheel, ArtifactKind.WHEEL))

    assert seen is not None
    assert set(spelled(seen).values()) == {"generated"}
    assert seen.notes == (
        f"2 of the wheel's 2 files were not found in the project by path and content: {NOT_ASKED}",
    )

    written(project, {"pyproject.toml": "[tool.setuptools.package-dir]\nmoved = 'src'"})
    seen = git.seen(project, packed(wheel, ArtifactKind.WHEEL))

    assert seen is not None
    assert spelled(seen)["moved/a.py"] == "tracked"
    assert seen.notes == ()


def test_a_virtual_environment_is_no_place_to_look_in(tmp_path: Path) -> None:
    project = repository(
        tmp_path / "project",
        {"src/demo/a.py": "a", ".gitignore": ".venv\n"},
        {".venv/lib/dep/b.py": "b"},
    )

    seen = git.seen(project, packed({"demo/a.py": "a", "dep/b.py": "b"}, ArtifactKind.WHEEL))

    assert seen is not None
    assert spelled(seen) == {"demo/a.py": "tracked", "dep/b.py": "generated"}


def test_an_sdists_files_are_those_of_their_paths_whatever_is_in_them(tmp_path: Path) -> None:
    project = repository(
        tmp_path / "project",
        {"setup.cfg": "[x]", "src/demo/g.pyx": "", ".gitignore": "*.log\n*.c\n"},
        {"src/demo/growing.log": "1", "src/demo/g.c": "c"},
    )
    sdist = {
        "setup.cfg": "[x]\n[y]",
        "PKG-INFO": "Name: demo",
        "src/demo/growing.log": "1 2",
        "src/demo/g.c": "c",
    }

    seen = git.seen(project, packed(sdist, ArtifactKind.SDIST))

    assert seen is not None
    assert spelled(seen) == {
        "setup.cfg": "tracked",
        "PKG-INFO": "generated",
        "src/demo/growing.log": "ignored .gitignore:1 *.log",
        "src/demo/g.c": "ignored .gitignore:2 *.c",
    }
    assert [one.made_from for one in seen.states] == ["", "", "", "src/demo/g.pyx"]
    assert seen.documents["setup.cfg"] == b"[x]"


def test_a_disk_that_ignores_case_does_not_make_a_tracked_file_untracked(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"Readme.md": "", "other.js": ""})
    if (project / "README.md").exists():
        assert asked(project, ["README.md"]) == {"README.md": "tracked"}
        return
    written(project, {"README.md": ""})

    assert asked(project, ["README.md", "Readme.md"]) == {
        "README.md": "untracked",
        "Readme.md": "tracked",
    }
