# SPDX-License-Identifier: Apache-2.0
"""Processes under ptrace(2): a traced one that is killed stays a zombie until its tracer asks."""

import contextlib
import ctypes
import os

PTRACE_SEIZE = 0x4206

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


@contextlib.contextmanager
def traced(pid):
    """It must be killed meanwhile: at the end its death is waited for."""
    if libc.ptrace(PTRACE_SEIZE, pid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"tracing {pid}")
    try:
        yield
    finally:
        os.waitpid(pid, 0)
