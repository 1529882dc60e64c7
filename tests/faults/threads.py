"""Stops single threads of a process, which no signal can: by ptrace, as a debugger does."""

import contextlib
import ctypes
import os
import pathlib

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


def _stop(threads, held):
    for thread in threads:
        _ptrace(PTRACE_SEIZE, thread)
        held.append(thread)
        _ptrace(PTRACE_INTERRUPT, thread)
        os.waitpid(thread, WALL)


def _release(held):
    while held:
        _libc.ptrace(PTRACE_DETACH, held.pop(), None, None)


@contextlib.contextmanager
def stopped_threads(pid, prefix):
    """All threads of the process whose name begins so stand still inside of the block, wherever they were."""
    threads = threads_named(pid, prefix)
    if not threads:
        raise AssertionError(f"process {pid} has no thread called {prefix}…")
    held = []
    try:
        _stop(threads, held)
        yield threads
    finally:
        _release(held)
