/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit/top-panels.c - src/top/: what stands on the screen for a view that the
 * test makes, at several sizes, in letters and in blocks. */
#include <config.h>

#include <errno.h>
#include <locale.h>

#include "top/panels.h"

#include "../kit/tap.h"

#define S INT64_C(1000000000)

static struct view view;
static struct procq_process records[64];
static struct grid grid;

static void set_record(uint32_t i, uint32_t state, int64_t age)
{
	records[i] = (struct procq_process){
		.seq = 100 + i, .pid = 5000 - (int32_t)i, .ppid = 77,
		.slot = i, .state = state, .age = age, .label = "worker"
	};
	view.stat.states[state]++;
	view.stat.states[PROCQ_STATE_FREE]--;
}

static void make_view(void)
{
	view = (struct view){
		.queue = "web", .q = (struct procq *)&view, .now = 100 * S,
		.records = records, .records_at = 100 * S
	};
	view.stat.capacity = view.stat.limit = 8;
	view.stat.states[PROCQ_STATE_FREE] = 8;
	view.stat.started = 103;
	view.stat.retired = 99;
	view.stat.present = 4;
	view.stat.entered = 104;
	set_record(0, PROCQ_STATE_TAKEN, 9 * S);
	set_record(1, PROCQ_STATE_QUEUED, 8 * S);
	set_record(2, PROCQ_STATE_QUEUED, 7 * S);
	set_record(3, PROCQ_STATE_EXITED, 2 * S);
	records[0].signal = 15;
	view.count = 4;
	view.waiter_count = view.participants = 1;
	view.waiters[0] = (struct waiter){
		.p = { .pid = 4242, .role = PROCQ_ROLE_PRODUCER,
		       .wants = PROCQ_WAIT_ROOM },
		.since = 88 * S
	};
}

static char *draw(struct choice_state *c, int rows, int columns)
{
	static char text[65536];
	uint32_t order[64];
	uint32_t n = panels_order(&view, c, order);
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (!f || grid_size(&grid, rows, columns) < 0)
		return strcpy(text, "");
	panels_draw(&grid, &view, c, order, n);
	grid_dump(&grid, f);
	fclose(f);
	return text;
}

/* Is this text in a row of its own, or within one? */
static void has(const char *screen, const char *text)
{
	ok(strstr(screen, text) != NULL, "on the screen: '%s'", text);
}

static void test_screen(void)
{
	struct choice_state c = { .sort = SORT_SEQ };
	char *s = draw(&c, 24, 80);

	has(s, "web  4/8");
	has(s, "started 103 = retired 99 + exited 0 + lost 0 + present 4 =");
	has(s, "head 100, tail 104");
	/* Eight cells of eight columns, each with a gap. */
	has(s, "\nTTTTTTTTT QQQQQQQQQ QQQQQQQQQ xxxxxxxxx ......... .........");
	has(s, "Q queued 2  T taken 1  x exited 1");
	has(s, "producer 4242    waits for room 12.0s");
	has(s, "     100       0     5000       77  T taken ");
	has(s, "worker <TERM");
	has(s, "  9.00s  worker");
	has(s, "? help");
	s = draw(&c, 5, 20);
	has(s, "web  4/8");
	is_int(grid.rows, 5, "five rows are enough to live");
	draw(&c, 1, 1);
	ok(1, "and one cell does no harm");
}

/* A limit of six: two are parked. */
static void test_limit(void)
{
	struct choice_state c = { .sort = SORT_SEQ };
	char *s;

	view.stat.limit = 6;
	view.stat.states[PROCQ_STATE_FREE] -= 2;
	view.stat.states[PROCQ_STATE_PARKED] += 2;
	s = draw(&c, 24, 80);
	has(s, "web  4/6");
	has(s, " ......... ......... --------- ---------");
	has(s, "parked 2");
	make_view();
}

static void test_books(void)
{
	struct choice_state c = { .sort = SORT_SEQ };

	view.stat.started = 104;
	has(draw(&c, 24, 80), "present 4 -1\n");
	view.stat.started = 103;
}

static void test_order(void)
{
	struct choice_state c = { .sort = SORT_AGE };
	uint32_t order[64];

	is_int(panels_order(&view, &c, order), 4, "all");
	is_int(order[0], 0, "the oldest first");
	c.reverse = true;
	panels_order(&view, &c, order);
	is_int(order[0], 3, "the youngest first");
	c.sort = SORT_PID;
	panels_order(&view, &c, order);
	is_int(order[0], 0, "the highest pid");
	c = (struct choice_state){ .filter = PROCQ_STATE_QUEUED };
	is_int(panels_order(&view, &c, order), 2, "two are queued");
	is_int(order[0], 1, "the first of them");
}

/* More than fit: the chosen one stays in sight. */
static void test_scroll(void)
{
	struct choice_state c = { .cursor = 140 };

	make_view();
	view.stat.capacity = 64;
	view.stat.states[PROCQ_STATE_FREE] = 64;
	for (uint32_t i = 0; i < 60; i++)
		set_record(i, PROCQ_STATE_QUEUED, S);
	view.count = 60;
	has(draw(&c, 24, 80), "\n     140 ");
	ok(c.top > 0 && c.top <= 40, "it has scrolled");
	c.cursor = 100;
	draw(&c, 24, 80);
	is_int(c.top, 0, "and back");
}

/* A ring that is larger than its place. */
static void test_large(void)
{
	struct choice_state c = { .sort = SORT_SEQ };

	view.stat.capacity = 1048576;
	view.stat.states[PROCQ_STATE_FREE] = 1048516;
	has(draw(&c, 24, 80), "; a cell is 4370 records");
	view.stat.capacity = 0;
	draw(&c, 24, 80);
	ok(1, "a capacity that is not known yet does no harm");
}

static void test_graph(void)
{
	struct choice_state c = { .sort = SORT_SEQ };
	char *s;

	make_view();
	view.second_count = 2;
	view.history[VIEW_SECONDS - 1] = (struct second){ 10, 5 };
	view.history[VIEW_SECONDS - 2] = (struct second){ 20, 5 };
	s = draw(&c, 24, 80);
	has(s, "Starts a second, up to 20");
	has(s, "15.0 starts/s  5.0 ends/s");
	/* The newest at the right, half as high. */
	has(s, "# ");
}

static void test_histograms(void)
{
	struct choice_state c = { .sort = SORT_SEQ };
	struct procq_histogram *h = view.histograms;
	char *s = draw(&c, 24, 80);

	has(s, "Lifetimes\n");
	ok(!strstr(s, "p50"), "no quantile of nothing");
	/* Up to 1 ms, 2 ms, 5 ms. */
	h[PROCQ_HISTOGRAM_LATENCY].counts[9] = 50;
	h[PROCQ_HISTOGRAM_LATENCY].counts[10] = 40;
	h[PROCQ_HISTOGRAM_LATENCY].counts[11] = 10;
	h[PROCQ_HISTOGRAM_LATENCY].count = 100;
	s = draw(&c, 24, 80);
	has(s, "Latencies p50 1ms p90 2ms p99 5ms");
	has(s, " ######...\n");
	/* Up to 500 us, mostly: wider, so shorter. */
	h[PROCQ_HISTOGRAM_LATENCY].counts[8] = 10000;
	h[PROCQ_HISTOGRAM_LATENCY].count += 10000;
	s = draw(&c, 24, 80);
	has(s, "Latencies 50:500us 90:500us 99:500us\n");
	h[PROCQ_HISTOGRAM_LATENCY].counts[8] = 0;
	h[PROCQ_HISTOGRAM_LATENCY].count -= 10000;
	/* In the row of that heading: the second participant's. */
	view.waiter_count = view.participants = 2;
	view.waiters[1] = (struct waiter){
		.p = { .pid = 4343, .role = PROCQ_ROLE_CONSUMER,
		       .wants = PROCQ_WAIT_DEATH },
		.held = 1, .since = 88 * S
	};
	s = draw(&c, 24, 80);
	has(s, "waits for a death 12.0s    Latencies p50 1ms");
	s = draw(&c, 24, 100);
	has(s, "waits for a death 12.0s  has taken 1     Latencies p50 1ms");
	s = draw(&c, 24, 60);
	ok(!strstr(s, "Latencies"), "none where there is no place");
	has(s, "waits for a death 12.0s  has taken 1\n");
}

static void test_absent(void)
{
	struct choice_state c = { .sort = SORT_SEQ };

	view = (struct view){ .queue = "none", .why = -ENOENT };
	has(draw(&c, 24, 80), "no such queue yet; waiting for a producer");
	view.gone = true;
	has(draw(&c, 24, 80), "the queue is removed");
}

static void test_safe(void)
{
	struct choice_state c = { .sort = SORT_SEQ };
	char *s;

	make_view();
	strcpy(records[1].label, "\033[31mred");
	s = draw(&c, 24, 80);
	has(s, "\\x1b[31mred");
	ok(!strchr(s, '\033'), "no escape reaches the terminal");
	if (!setlocale(LC_ALL, "C.UTF-8"))
		return;
	grid.utf8 = true;
	s = draw(&c, 24, 80);
	has(s, "\u2593\u2593\u2593\u2593\u2593\u2593\u2593 \u2588");
	has(s, "present 4 \u2713");
	/* A wide character is never halved. */
	strcpy(records[1].label, "\u6f22\u5b57");
	has(draw(&c, 24, 80), "\u6f22\u5b57");
	draw(&c, 24, 61);
	is_int(grid.cells[0].c == 0, 0, "nothing is written before a row");
}

int main(void)
{
	make_view();
	test_screen();
	test_limit();
	test_books();
	test_order();
	test_scroll();
	test_large();
	test_graph();
	test_histograms();
	test_absent();
	test_safe();
	grid_free(&grid);
	return done();
}
