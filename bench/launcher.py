"""A small process that runs the commands of a bench, and says what each of them cost.

What a process holds is counted in the peak memory of those that it starts. This one imports next to
nothing, so that its share is some 10 MiB. It reads a request a line (JSON: `words`, `cwd`, `env`,
`said`, a file for what the command prints), and answers with `code`, `cpu`, `wall`, `peak`. Memory
is that of the largest process among the command and those that it waited for.
"""

import json
import os
import sys
import time


def ran(words: list[str], cwd: str, env: dict[str, str], said: str) -> dict[str, float]:
    """Run one command to its end; CPU and wall time in seconds, memory in MiB."""
    started = time.perf_counter()
    child = os.fork()
    if not child:
        try:
            os.chdir(cwd)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
            errors = said if said == os.devnull else f"{said}.errors"
            os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            os.execvpe(words[0], words, env)  # noqa: S606 - what the bench names
        except OSError as error:
            print(error, file=sys.stderr)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.perf_counter() - started,
        "peak": usage.ru_maxrss / 1024,
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(ran(**json.loads(line))), flush=True)
