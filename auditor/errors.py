"""The exceptions, split by whose fault they are.

AuditError
├── UsageError        the user's fault: an option, a path that is not there        exit 2
│   └── RuleError     a rule file that cannot be trusted to mean what it says      exit 2
├── InputError        the input's fault; becomes a Gap, never silence              exit 3
│   ├── ArchiveError  an archive whose structure breaks
│   │   └── MemberError   one member is damaged, the rest can be read
│   ├── ParseError    a document with a wrong shape; names the key
│   ├── LimitError    a limit met; names limit and value
│   │   └── SpentError    one that all further work would meet as well: time, memory
│   └── PackerError   the project's own packer failed, or is not there
└── BugError          our fault: what was being done, and what went wrong          exit 4

What others raise is sorted once, by `is_of_input`, where a unit of work ends: one reader over one
member, one collector, one file, one target (`auditor.blame`). The input is to blame for

- what the parsers raise on purpose: ValueError with all its kinds (text in another encoding, JSON,
  TOML, versions, a number of too many digits), EOFError, OverflowError, BufferError, and the errors
  of zlib, lzma, isal, zstd, brotli, struct, csv, configparser, YAML, msgspec, sqlite3, zip and tar;
- what the system says of a file, a process or a host: OSError, which the errors of `requests` are,
  `http.client`'s and `subprocess`'s;
- its size or its depth: MemoryError, RecursionError;
- whatever is raised inside a parser that is not ours (`_PARSERS`), whose KeyError or IndexError is
  how it breaks on bytes that nobody tried.

Anything else is a bug of ours, whatever the input was: a KeyError, TypeError, AttributeError,
AssertionError, ZeroDivisionError or plain Exception of our own code is never a gap, as a gap would
blame the package. Reports and rules read no input, so there all but MemoryError is our bug.
"""

from __future__ import annotations

_OF_INPUT = frozenset(
    "builtins.ValueError builtins.EOFError builtins.OverflowError builtins.BufferError"
    " builtins.OSError builtins.MemoryError builtins.RecursionError"
    " zlib.error _lzma.LZMAError igzip_lib.IsalError isal.igzip_lib.IsalError brotli.error"
    " backports.zstd.ZstdError compression.zstd.ZstdError struct.error _csv.Error"
    " configparser.Error yaml.error.YAMLError msgspec.MsgspecError sqlite3.Error"
    " subprocess.SubprocessError http.client.HTTPException urllib3.exceptions.HTTPError"
    " zipfile.BadZipFile tarfile.TarError email.errors.MessageError"
    " docutils.ApplicationError".split()
)
"""By name, as none of these libraries is to be imported for an error that does not come."""
_PARSERS = frozenset(
    "ast backports brotli configparser csv docutils email encodings html http isal json msgspec"
    " packaging requests semver shlex tarfile tomllib trove_classifiers urllib urllib3 yaml"
    " zipfile".split()
)
"""Top packages of others that are given bytes of the input."""


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
        self.unit = unit
        suffix = f" {unit}" if unit else ""
        super().__init__(
            f"limit {limit} of {allowed:,}{suffix} met (found at least {met:,}{suffix}); "
            f"raise it with --limit {limit}=N"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Cross from a worker process as what it is."""
        return type(self), (self.limit, self.allowed, self.met, self.unit)


class SpentError(LimitError):
    """The time or the memory of a target is spent: what is left of it is not looked at."""


class PackerError(InputError):
    """The packer that would publish the project did not produce a tarball."""


class BugError(AuditError):
    """A fault of ours in `work`, in words; `kind`, `place` and `problem` are the original's.

    `problem` and `trace` may have text of the input or a secret in them until they are shown.
    """

    def __init__(
        self, work: str, kind: str, place: str, problem: str, trace: tuple[str, ...] = ()
    ) -> None:
        self.work = work
        self.kind = kind
        self.place = place
        self.problem = problem
        self.trace = trace
        doing = f" in {work}" if work else ""
        said = f": {problem}" if problem else ""
        super().__init__(f"{kind} at {place}{doing}{said}")

    def __reduce__(self) -> tuple[object, ...]:
        """Cross from a worker process, where the original may be nothing that can."""
        return type(self), (self.work, self.kind, self.place, self.problem, self.trace)


def is_of_input(problem: BaseException) -> bool:
    """Tell whether an exception is the input's fault; the module's docstring has the table."""
    if isinstance(problem, AuditError):
        return isinstance(problem, InputError)
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(problem).__mro__}
    return bool(names & _OF_INPUT) or raised_in(problem) in _PARSERS


def raised_in(problem: BaseException) -> str:
    """Return the top package of the module in which an exception was raised."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = str(trace.tb_frame.f_globals.get("__name__", "")) if trace is not None else ""
    return name.partition(".")[0]
