/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/resume.c - which lines a log has as over: read back what JSON escapes,
 * join ends to starts, and count what is alike.
 */
#include <config.h>

#include <stddef.h>

#include "resume.h"

#include "../kit/tap.h"
#include "../kit/machine.h"

static struct resume r;

#define P(seq) "\"queue\":\"q\",\"producer\":1,\"pid\":7,\"seq\":" #seq
#define STARTED(seq, args) \
	"{\"event\":\"started\"," P(seq) ",\"args\":\"" args "\"}\n"
#define RETIRED(seq, args, by) \
	"{\"event\":\"retired\"," P(seq) ",\"args\":" args ",\"by\":" by "}\n"

static int log_of(const char *text)
{
	put("log", text);
	resume_free(&r);
	return resume_read(&r, path_of("log"));
}

static void test_escapes(void)
{
	ok(log_of(RETIRED(1, "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"self\"")) ==
	   0 && resume_takes(&r, "a\"\\/\b\f\n\r\t"), "letters");
	ok(log_of(RETIRED(1, "\"\\u0041\\u00e4\\u20ac\"", "\"self\"")) == 0 &&
	   resume_takes(&r, "A\xc3\xa4\xe2\x82\xac"), "code points");
	ok(log_of(RETIRED(1, "\"\\ud83d\\ude00\"", "\"self\"")) == 0 &&
	   resume_takes(&r, "\xf0\x9f\x98\x80"), "a pair of surrogates");
	ok(log_of(RETIRED(1, "\"x\\udcff\\udc80\"", "\"self\"")) == 0 &&
	   resume_takes(&r, "x\xff\x80"), "bytes that are not UTF-8");
	ok(log_of(RETIRED(1, "\"\\u00zz\"", "\"self\"")) == -EBADMSG,
	   "no code point");
	ok(log_of(RETIRED(1, "\"\\x\"", "\"self\"")) == -EBADMSG,
	   "no such escape");
}

static void test_who(void)
{
	ok(log_of(RETIRED(1, "\"a\"", "\"consumer\"")) == 0 &&
	   resume_takes(&r, "a"), "ended by a consumer: over");
	ok(log_of(RETIRED(1, "\"a\"", "\"producer\"")) == 0 &&
	   !resume_takes(&r, "a"), "ended by the producer: not");
	ok(log_of(RETIRED(1, "\"a\"", "\"other\"")) == 0 &&
	   !resume_takes(&r, "a"), "killed by somebody else: not");
	ok(log_of(RETIRED(1, "\"a\"", "null")) == 0 && !resume_takes(&r, "a"),
	   "nobody knows: not");
	ok(log_of(STARTED(1, "a")) == 0 && !resume_takes(&r, "a"),
	   "started only: not");
	ok(log_of(STARTED(1, "a") RETIRED(1, "null", "\"self\"")) == 0 &&
	   resume_takes(&r, "a"), "a consumer's line has no args: joined");
	ok(log_of(STARTED(1, "a") RETIRED(2, "null", "\"self\"")) == 0 &&
	   !resume_takes(&r, "a"), "another's end");
}

static void test_counts(void)
{
	ok(log_of(RETIRED(1, "\"a\"", "\"self\"")
		  RETIRED(2, "\"a\"", "\"self\"")) == 0 &&
	   resume_takes(&r, "a") && resume_takes(&r, "a") &&
	   !resume_takes(&r, "a"), "as often as the log has it");
	ok(log_of(STARTED(1, "a") RETIRED(1, "\"a\"", "\"self\"")
		  RETIRED(1, "null", "\"self\"")) == 0 &&
	   resume_takes(&r, "a") && !resume_takes(&r, "a"),
	   "the same end in two logs counts once");
	ok(log_of(RETIRED(1, "\"\"", "\"self\"")) == 0 && resume_takes(&r, ""),
	   "an empty line is one");
}

/* What is needed to find what is still alive. */
static void test_runs(void)
{
	const char *line;
	size_t at = 0;

	ok(log_of(STARTED(1, "a") STARTED(2, "b")
		  RETIRED(1, "null", "\"self\"")) == 0 &&
	   resume_has_run(&r, "q", 1), "a producer of the log");
	ok(!resume_has_run(&r, "q", 2) && !resume_has_run(&r, "p", 1),
	   "no other, and in no other queue");
	line = resume_line(&r, "q", 1, 2, 7);
	is_str(line ? line : "none", "b", "the line of one that was started");
	ok(!resume_line(&r, "q", 1, 1, 7), "not of one that is over");
	ok(!resume_line(&r, "q", 1, 3, 7) && !resume_line(&r, "q", 1, 2, 8) &&
	   !resume_line(&r, "q", 2, 2, 7) && !resume_line(&r, "p", 1, 2, 7),
	   "nor of another process");
	line = resume_queue(&r, &at);
	is_str(line ? line : "none", "q", "a queue of the log");
	ok(!resume_queue(&r, &at), "each of them once");
	at = 0;
	ok(log_of(RETIRED(1, "\"a\"", "\"self\"")) == 0 &&
	   !resume_has_run(&r, "q", 1) && !resume_queue(&r, &at),
	   "a log without starts has none");
}

static void test_broken(void)
{
	ok(log_of("") == 0 && !resume_takes(&r, "a"), "an empty log");
	ok(log_of("2026-11-30 started seq=1\n") == -EBADMSG, "text is no JSON");
	ok(log_of(RETIRED(1, "\"a\"", "\"self\"") "{\"event\":\"ret") == 0 &&
	   r.broken == 1 && resume_takes(&r, "a"), "cut off at the end");
	ok(log_of("{\"event\":\"ret" RETIRED(1, "\"b\"", "\"self\"")
		  RETIRED(1, "\"a\"", "\"self\"")) == 0 && r.broken == 1 &&
	   resume_takes(&r, "a") && !resume_takes(&r, "b"),
	   "cut off in the middle");
	ok(log_of("{ \"event\" : \"retired\" , " P(1)
		  " , \"args\" : \"a\", \"by\":\"self\" } \n") == 0 &&
	   resume_takes(&r, "a"), "with spaces");
	ok(log_of("{}\n{\"a\":}\n{\"a\":1\n[1]\n{\"a\":1}x\n") == -EBADMSG,
	   "none of these");
	drop("log");
	resume_free(&r);
	ok(resume_read(&r, path_of("log")) == -ENOENT, "no log");
}

int main(void)
{
	begin_machine("resume");
	test_escapes();
	test_who();
	test_counts();
	test_runs();
	test_broken();
	return done();
}
