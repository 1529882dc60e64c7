"""Stops single threads of a process, which no signal can: by ptrace, as a debugger does."""

import contextlib
import ctypes
import os
import pathlib
import time

from world import Skip

PTRACE_DETACH = 17
PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
# waitpid for threads that are no children of ours.
WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        code = ctypes.get_errno()
        raise Skip(f"threads cannot be stopped here: ptrace: {os.strerror(code)}")


def threads_named(pid, prefix):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith(prefix):
            found.append(int(task.name))
    return found


def bury(threads, timeout=60):
    """Waits until these stopped threads are dead: until then their process is not."""
    deadline = time.monotonic() + timeout
    left = list(threads)
    while left:
        if time.monotonic() > deadline:
            raise AssertionError(f"threads {left} live on after {timeout} s")
        for thread in list(left):
            with contextlib.suppress(ChildProcessError):
                found, status = os.waitpid(thread, WALL | os.WNOHANG)
                if found == 0 or os.WIFSTOPPED(status):
                    continue
            left.remove(thread)
        time.sleep(0.01)


@contextlib.contextmanager
def stopped_threads(pid, prefix):
    """All threads of the process whose name begins so stand still inside of the block."""
    threads = threads_named(pid, prefix)
    if not threads:
        raise AssertionError(f"process {pid} has no thread called {prefix}…")
    held = []
    try:
        for thread in threads:
            _ptrace(PTRACE_SEIZE, thread)
            held.append(thread)
            _ptrace(PTRACE_INTERRUPT, thread)
            os.waitpid(thread, WALL)
        yield threads
    finally:
        for thread in held:
            _libc.ptrace(PTRACE_DETACH, thread, None, None)
