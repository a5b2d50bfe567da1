#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""oldest.py QUEUE SECONDS - end what is older than SECONDS, the oldest first,
until the queue is empty and has no producer. libprocq through ctypes.

The structures below are those of procq.h, member by member; libprocq.so.0 is
the library whose header that is.
"""
import ctypes as c
import errno
import signal
import sys

lib = c.CDLL("libprocq.so.0")
lib.procq_strerror.restype = c.c_char_p
lib.procq_now.restype = c.c_int64

ROLE_CONSUMER, OPEN_NOCREATE = 2, 1
WAIT_READY, WAIT_DEATH, FOREVER = 2, 4, 2**63 - 1
CAUSES = {0: "unknown", 1: "exit", 2: "signal", 3: "core"}


class Options(c.Structure):
    _fields_ = [("size", c.c_uint32), ("role", c.c_uint32),
                ("flags", c.c_uint32), ("capacity", c.c_uint32),
                ("mode", c.c_uint32), ("found", c.c_uint32),
                ("deadline", c.c_int64), ("max", c.c_uint32),
                ("found_max", c.c_uint32)]


class Process(c.Structure):
    _fields_ = [(name, c.c_uint64) for name in
                ("seq", "ino", "producer", "consumer")] + \
               [(name, c.c_int64) for name in
                ("started", "queued", "age", "signalled")] + \
               [(name, c.c_int32) for name in
                ("signal", "step", "pid", "ppid")] + \
               [(name, c.c_uint32) for name in ("slot", "state", "flags")] + \
               [("label", c.c_char * 16)]


class Event(c.Structure):
    _fields_ = [("process", Process)] + \
               [(name, c.c_int64) for name in
                ("ended", "lived", "latency", "user", "sys", "maxrss")] + \
               [("type", c.c_uint32), ("cause", c.c_uint32),
                ("code", c.c_int32), ("signal", c.c_int32),
                ("step", c.c_int32), ("reserved", c.c_uint32)]


def check(rc, *allowed):
    if rc < 0 and -rc not in allowed:
        sys.exit("oldest: " + lib.procq_strerror(rc).decode())
    return rc


def main(name, seconds):
    options = Options(size=c.sizeof(Options), role=ROLE_CONSUMER,
                      flags=OPEN_NOCREATE, mode=0o600, deadline=FOREVER)
    q, p, e = c.c_void_p(), Process(), Event()
    check(lib.procq_open(c.byref(q), name.encode(), c.byref(options)))
    while not lib.procq_drained(q) or lib.procq_in_flight(q):
        deadline = FOREVER
        while lib.procq_peek(q, c.byref(p)) == 0:
            left = int(seconds * 1e9) - p.age
            if left > 0:
                deadline = lib.procq_now() + left
                break
            if check(lib.procq_take(q, c.byref(p), c.byref(p)),
                     errno.EAGAIN) == 0:
                check(lib.procq_signal(q, p.slot, signal.SIGTERM, 0),
                      errno.ESRCH)
        # Something may come while the oldest is too young: only deaths count.
        what = WAIT_DEATH if deadline != FOREVER else WAIT_READY | WAIT_DEATH
        check(lib.procq_wait(q, what, c.c_int64(deadline)),
              errno.ETIMEDOUT, errno.EINTR)
        while check(lib.procq_collect(q, c.byref(e))) > 0:
            print(e.process.pid, f"lived {e.lived / 1e9:.3f} s,",
                  CAUSES[e.cause], e.code, flush=True)
    lib.procq_close(q)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: oldest.py QUEUE SECONDS")
    main(sys.argv[1], float(sys.argv[2]))
