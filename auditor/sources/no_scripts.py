"""Packing without a package's scripts, for every packer that has no switch for it, or a weak one.

npm before 11 runs `prepare` whatever `--ignore-scripts` says (npm before 9 all of them), and yarn
from 2 has no such switch. For these, a few lines of JavaScript are loaded into the packer itself:
they put nothing in a script's place and leave a mark for each, so that we can tell that it worked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor.errors import PackerError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from auditor.packers import Packer

_NPM = """\
const child = require("child_process");
const fs = require("fs");
const marks = MARKS;
const spawn = child.spawn;
child.spawn = function (command, args, options) {
  const script = options && options.env && options.env.npm_lifecycle_event;
  if (!script) return spawn.apply(this, arguments);
  fs.writeFileSync(marks + script, "");
  const env = Object.assign({}, options.env);
  delete env.NODE_OPTIONS;
  const instead = { env, shell: false, windowsVerbatimArguments: false };
  return spawn(process.execPath, ["-e", ""], Object.assign({}, options, instead));
};
"""
_YARN = """\
const fs = require("fs");
const marks = MARKS;
const hooks = {
  wrapScriptExecution: async (executor, project, locator, script) => async () => {
    fs.writeFileSync(marks + script, "");
    return 0;
  },
};
module.exports = { name: "no-scripts", factory: () => ({ default: { hooks } }) };
"""
_MARK = "left-out-"
_YARN_CODE = regex(rb"(?m)^\s*\"?(?:yarnPath|yarn-path|plugins)\b")


class Gag(Struct, frozen=True, kw_only=True):
    """What to add to a pack command, and the marks that must be there afterwards."""

    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[Path, ...] = ()

    def check(self, packer: Packer) -> None:
        """Raise PackerError when the packer may have run a script all the same."""
        for mark in self.marks:
            if not mark.is_file():
                script = mark.name.removeprefix(_MARK)
                raise PackerError(
                    f"{packer} could not be kept from running the script {script!r}; "
                    "audit a ready .tgz, or take another packer with --packer"
                )


def gag(
    packer: Packer, scripts: tuple[str, ...], folder: Path, environment: Mapping[str, str]
) -> Gag:
    """Return what keeps a packer from running a package's `scripts` while it packs.

    `folder` is private to us; the JavaScript and the marks are put there. `environment` is what
    the packer would get without us.
    """
    if packer.is_berry:
        marks = _script(folder, _YARN, scripts)
        plugins = [environment.get("YARN_PLUGINS", ""), str(folder / "no-scripts.cjs")]
        return Gag(environment={"YARN_PLUGINS": ";".join(filter(None, plugins))}, marks=marks)
    if packer.name == "pnpm":
        return Gag(arguments=("--config.ignore-scripts=true", "--config.ignore-pnpmfile=true"))
    switch = ("--ignore-scripts",)
    if packer.name == "npm" and packer.major is not None and packer.major < 11:
        still = tuple(name for name in scripts if name == "prepare" or packer.major < 9)
        marks = _script(folder, _NPM, still)
        preload = f'--require "{(folder / "no-scripts.cjs").as_posix()}"'
        options = f"{environment.get('NODE_OPTIONS', '')} {preload}".strip()
        return Gag(arguments=switch, environment={"NODE_OPTIONS": options}, marks=marks)
    return Gag(arguments=switch)


def runs_all_the_same(packer: Packer, folder: Path) -> tuple[str, ...]:
    """Return a note where a packer is, or loads, code of the project that no switch keeps out."""
    if packer.name != "yarn":
        return ()
    for current in (folder, *folder.parents):
        for name in (".yarnrc.yml", ".yarnrc"):
            path = current / name
            if path.is_file() and _YARN_CODE.search(path.read_bytes()):
                what = f"{name} names a yarn or plugins of the project's own"
                return (f"{what}, and these did run; --as-is runs nothing",)
    return ()


def _script(folder: Path, source: str, scripts: tuple[str, ...]) -> tuple[Path, ...]:
    text = source.replace("MARKS", json.dumps(str(folder / _MARK)))
    (folder / "no-scripts.cjs").write_text(text, encoding="utf-8")
    return tuple(folder / f"{_MARK}{name}" for name in scripts)
