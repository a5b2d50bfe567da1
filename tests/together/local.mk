# SPDX-License-Identifier: GPL-3.0-or-later
# tests/together/local.mk - programs that test several rooms of lib/ at once:
# two participants on one thing, threads, a kernel that refuses. Each is NAME.c
# alone.

together_tests = \
	tests/together/between \
	tests/together/check \
	tests/together/close \
	tests/together/forks \
	tests/together/host \
	tests/together/limit \
	tests/together/race \
	tests/together/rejoin \
	tests/together/sandbox \
	tests/together/shortage \
	tests/together/threads
check_PROGRAMS += $(together_tests)
TESTS += $(together_tests)

# Each of these calls fails in its turn.
tests_together_shortage_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=shm_open,--wrap=sem_init

# Others step in at these.
tests_together_between_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=fcntl,--wrap=openat,--wrap=stat \
	-Wl,--wrap=__fcntl_time64,--wrap=openat64,--wrap=__stat64_time64 \
	-Wl,--wrap=posix_fallocate64 \
	-Wl,--wrap=unlink,--wrap=shm_unlink,--wrap=pipe,--wrap=pipe2 \
	-Wl,--wrap=posix_fallocate
