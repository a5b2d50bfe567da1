/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forbid.h - for tests: let system calls fail by a filter (seccomp), as an old
 * kernel or a sandbox does.
 *
 * What is forbidden stays so for the process, so this is for a child, which
 * must not use TAP. After fixture.h. Elsewhere than on Linux nothing is
 * forbidden.
 */
#ifndef FORBID_H
#define FORBID_H

#include "syscalls.h"

#if defined __linux__
# include <linux/filter.h>
# include <linux/seccomp.h>
# include <stddef.h>

struct rule {
	long nr;		/* of the call */
	int arg;		/* which argument is looked at, -1: none */
	uint32_t value;		/* what it has to be */
	int error;		/* or KILL: the process */
};

#define KILL -1
#define RULES_MAX 8
#define LOW (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)

TAP_UNUSED static void forbid(const struct rule *rules, size_t n)
{
	struct sock_filter code[RULES_MAX * 5 + 1];
	struct sock_fprog program = { 0, code };
	unsigned short at = 0;

	must(n <= RULES_MAX);
	for (size_t i = 0; i < n; i++) {
		unsigned arg = rules[i].arg < 0 ? 0 : (unsigned)rules[i].arg;
		unsigned where = rules[i].arg < 0 ?
			offsetof(struct seccomp_data, nr) :
			(unsigned)offsetof(struct seccomp_data, args) +
			arg * 8 + LOW;
		uint32_t what = rules[i].arg < 0 ? (uint32_t)rules[i].nr
						 : rules[i].value;

		code[at++] = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr));
		code[at++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rules[i].nr, 0,
			3);
		code[at++] = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, where);
		code[at++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, what, 0, 1);
		code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
			rules[i].error == KILL ? SECCOMP_RET_KILL :
			SECCOMP_RET_ERRNO | (uint32_t)rules[i].error);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						  SECCOMP_RET_ALLOW);
	program.len = at;
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* Can anything be forbidden here? An emulator has no filters. */
TAP_UNUSED static bool forbid_works(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 &&
	       errno == EFAULT;
}

TAP_UNUSED static void forbid_one(long nr, int error)
{
	const struct rule rule = { nr, -1, 0, error };

	forbid(&rule, 1);
}

#else

TAP_UNUSED static bool forbid_works(void)
{
	return true;
}

TAP_UNUSED static void forbid_one(long nr, int error)
{
	(void)nr;
	(void)error;
}

#endif

#endif
