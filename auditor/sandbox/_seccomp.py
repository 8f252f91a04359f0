"""Seccomp: the system calls that a process may no longer make, as a filter that the kernel runs.

What is refused is what reading never needs: sockets, new processes and programs, other processes'
memory, whatever changes the file system, and those parts of the kernel that have been ways out.
Threads are allowed. Source: seccomp(2), the kernel's `linux/filter.h` and its tables of system
calls. A call that the tables below do not know is allowed: Python and its libraries make many.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from msgspec import Struct

from auditor.sandbox import _kernel

_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions: load a word, jump if equal, if not less, if a bit is set; end with an answer."""
_ALLOWED, _REFUSED, _KILLED = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
"""Offsets in `struct seccomp_data`; each argument has eight bytes."""
_X32 = 0x40000000
"""From this number on x86-64 has a second table, of calls with short pointers."""
_THREAD = 0x00010000
"""The flag of clone(2) by which a new thread is told from a new process."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class _Table(Struct, frozen=True, kw_only=True):
    """One machine's numbers, which are all the same below the names that they are grouped by."""

    audit: int
    """The machine as the kernel names it to a filter."""
    refused: tuple[int, ...]
    changing: tuple[int, ...]
    """What makes, renames, removes or marks files."""
    opens: tuple[tuple[int, int], ...]
    """Calls that open a file, each with the place of the argument that has the flags."""
    clone: int
    second: bool = False
    """There is a second table of calls."""


_ABSENT = (425, 426, 427, 435, 437)
"""io_uring (three), clone3, openat2: what they are asked for lies in memory, where no filter can
look. They are said not to exist, so that callers fall back on the older call."""
_NEW = (424, 428, 429, 430, 431, 432, 433, 434, 438, 442)
"""pidfd_send_signal, six that mount, pidfd_open, pidfd_getfd, mount_setattr: newer calls have the
same numbers everywhere."""
_FCHMODAT2 = 452

_X86 = _Table(
    audit=0xC000003E,
    refused=(
        *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # socket, connect, accept, send*, bind, listen
        *(57, 58, 59, 322),  # fork, vfork, execve, execveat
        *(62, 200),  # kill, tkill
        *(101, 310, 311, 312),  # ptrace, process_vm_readv and _writev, kcmp
        *(248, 249, 250, 298, 321, 323),  # keys (three), perf_event_open, bpf, userfaultfd
        *(155, 161, 165, 166, 272, 304, 308),  # roots and mounts, unshare, open_by_handle_at, setns
        *(175, 176, 246, 313),  # modules and kexec
        *_NEW,
    ),
    changing=(
        *(76, 82, 83, 84, 85, 86, 87, 88, 133),  # truncate, rename, mkdir, rmdir, creat, link, …
        *(90, 91, 92, 93, 94, 132, 235, 261, 280),  # chmod, chown, utime
        *(188, 189, 190, 197, 198, 199),  # extended attributes
        *(258, 259, 260, 263, 264, 265, 266, 268, 316, _FCHMODAT2),  # the same, of a folder
    ),
    opens=((2, 1), (257, 2)),  # open, openat
    clone=56,
    second=True,
)
_ARM = _Table(
    audit=0xC00000B7,
    refused=(
        *(198, 199, 200, 201, 202, 203, 206, 211, 242, 269),
        *(221, 281),
        *(129, 130),
        *(117, 270, 271, 272),
        *(217, 218, 219, 241, 280, 282),
        *(39, 40, 41, 51, 97, 265, 268),
        *(104, 105, 106, 273),
        *_NEW,
    ),
    changing=(
        *(33, 34, 35, 36, 37, 38, 45, 276),
        *(52, 53, 54, 55, 88, _FCHMODAT2),
        *(5, 6, 7, 14, 15, 16),
    ),
    opens=((56, 2),),
    clone=220,
)
_TABLES = {"x86_64": _X86, "aarch64": _ARM}


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def known() -> bool:
    """Tell whether there is a table for this machine; a 32-bit Python has other calls."""
    return platform.machine() in _TABLES and struct.calcsize("P") == 8


def restrict(*, writes: bool) -> None:
    """Take calls away from this thread and all that it starts, for good; raise OSError.

    With `writes` files can be changed, which Landlock bounds then.
    """
    code = _filter(_TABLES[platform.machine()], writes=writes)
    program = _Program(len(code) // 8, code)
    _kernel.control(_SET_SECCOMP, _FILTER, ctypes.byref(program))


def _filter(table: _Table, *, writes: bool) -> bytes:
    refused = _REFUSED | errno.EPERM
    absent = _REFUSED | errno.ENOSYS
    code = [
        _one(_LOAD, _MACHINE),
        _one(_EQUAL, table.audit, 1, 0),
        _one(_RETURN, _KILLED),
        _one(_LOAD, _NUMBER),
    ]
    if table.second:
        code += [_one(_AT_LEAST, _X32, 0, 1), _one(_RETURN, absent)]
    for number in _ABSENT:
        code += [_one(_EQUAL, number, 0, 1), _one(_RETURN, absent)]
    for number in (*table.refused, *(() if writes else table.changing)):
        code += [_one(_EQUAL, number, 0, 1), _one(_RETURN, refused)]
    code += _by_argument(table.clone, 0, _one(_ANY_BIT, _THREAD, 1, 0))
    for number, place in () if writes else table.opens:
        code += _by_argument(number, place, _one(_ANY_BIT, _WRITING, 0, 1))
    code.append(_one(_RETURN, _ALLOWED))
    return b"".join(code)


def _by_argument(number: int, place: int, test: bytes) -> list[bytes]:
    """Return what refuses a call by one of its arguments; `test` jumps over that refusal or not."""
    return [
        _one(_EQUAL, number, 0, 4),
        _one(_LOAD, _ARGUMENTS + 8 * place),
        test,
        _one(_RETURN, _REFUSED | errno.EPERM),
        _one(_RETURN, _ALLOWED),
    ]


def _one(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """Return one instruction; jumps count the instructions that are left out."""
    return struct.pack("=HBBI", code, then, otherwise, value)
