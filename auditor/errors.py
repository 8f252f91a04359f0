"""The exceptions, split by whose fault they are.

AuditError
├── UsageError        the user's fault: an option, a path that is not there        exit 2
│   └── RuleError     a rule file that cannot be trusted to mean what it says      exit 2
└── InputError        the input's fault; becomes a Gap, never silence              exit 3
    ├── ArchiveError  an archive whose structure breaks
    │   └── MemberError   one member is damaged, the rest can be read
    ├── ParseError    a document with a wrong shape; names the key
    ├── LimitError    a limit met; names limit and value
    └── PackerError   the project's own packer failed, or is not there

Anything else that is raised is our fault: exit 4, by the handler in `auditor.cli`.
"""

from __future__ import annotations


class AuditError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageError(AuditError):
    """The call cannot be carried out as it was typed."""


class RuleError(UsageError):
    """A rule file is refused: `where` is the file and key, `problem` one sentence."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}")


class InputError(AuditError):
    """The input could not be examined in full."""


class ArchiveError(InputError):
    """The archive is cut short, damaged, or of a kind that we do not read."""


class MemberError(ArchiveError):
    """One member is damaged or not of a kind that we read; those behind it are not affected."""


class ParseError(InputError):
    """A document has a wrong shape; `key` is the path to the value at fault."""

    def __init__(self, problem: str, key: str = "") -> None:
        self.problem = problem
        self.key = key
        super().__init__(f"{problem} at {key!r}" if key else problem)

    def under(self, parent: str) -> ParseError:
        """Return the same error seen from one level further out."""
        if not self.key:
            return ParseError(self.problem, parent)
        joint = "" if self.key.startswith("[") else "."
        return ParseError(self.problem, f"{parent}{joint}{self.key}")


class LimitError(InputError):
    """A limit was met: `limit` is its option name, `allowed` and `met` are in its unit."""

    def __init__(self, limit: str, allowed: int, met: int, unit: str = "") -> None:
        self.limit = limit
        self.allowed = allowed
        self.met = met
        suffix = f" {unit}" if unit else ""
        super().__init__(
            f"limit {limit} of {allowed:,}{suffix} met (found at least {met:,}{suffix}); "
            f"raise it with --limit {limit}=N"
        )


class PackerError(InputError):
    """The packer that would publish the project did not produce a tarball."""
