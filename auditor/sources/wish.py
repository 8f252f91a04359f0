"""What the user says about packing, apart from what packs, which is imported only to do it."""

from __future__ import annotations

from msgspec import Struct

from auditor.packers import PYTHON, Packer


class Wish(Struct, frozen=True, kw_only=True):
    """What the user says about packing; the fields are the options of `audit pack`."""

    packer: str | None = None
    ignore_scripts: bool = False
    isolation: bool = True
    workspaces: tuple[str, ...] = ()
    all_workspaces: bool = False

    @property
    def node_only(self) -> bool:
        """Tell whether npm's side alone is asked for."""
        return bool(self.workspaces or self.all_workspaces) or (
            self.packer is not None and not self.python_only
        )

    @property
    def python_only(self) -> bool:
        """Tell whether a builder of Python packages is asked for."""
        return self.packer is not None and Packer.parse(self.packer).name in PYTHON
