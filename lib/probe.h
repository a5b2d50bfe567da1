/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * probe.h - places where a tracer may look on (SystemTap, bpftrace, perf).
 *
 * Where <sys/sdt.h> is, each is one no-op instruction and a note in the file,
 * which says where its arguments are; elsewhere, nothing. So a probe must not
 * compute anything: its arguments are what is at hand. Also a child that shares
 * its parent's memory passes one. doc/probes.md lists them.
 */
#ifndef PQ_PROBE_H
#define PQ_PROBE_H

#if PQ_USE_PROBES
# include <sys/sdt.h>
# define PQ_PROBE2(name, a, b) DTRACE_PROBE2(procq, name, a, b)
# define PQ_PROBE3(name, a, b, c) DTRACE_PROBE3(procq, name, a, b, c)
# define PQ_PROBE4(name, a, b, c, d) DTRACE_PROBE4(procq, name, a, b, c, d)
/* bpftrace reads no more than six. */
# define PQ_PROBE6(name, a, b, c, d, e, f) \
	DTRACE_PROBE6(procq, name, a, b, c, d, e, f)
#else
# define PQ_PROBE2(name, a, b) ((void)0)
# define PQ_PROBE3(name, a, b, c) ((void)0)
# define PQ_PROBE4(name, a, b, c, d) ((void)0)
# define PQ_PROBE6(name, a, b, c, d, e, f) ((void)0)
#endif

#endif
