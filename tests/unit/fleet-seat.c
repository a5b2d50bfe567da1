/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fleet-seat.c - who a machine says it is, by the files of a machine that
 * the test makes up; and when another boot would prove nothing.
 */
#include <config.h>

#include <time.h>

#include "fleet/seat.h"

#include "../kit/tap.h"
#include "../kit/machine.h"

#define ID "0123456789abcdef0123456789abcdef"
#define ID_FILE "etc/machine-id"
#define BOOT "7f000000-0000-4000-8000-000000000001"
#define BOOT_FILE "proc/sys/kernel/random/boot_id"
#define WORLD_LINK "proc/self/ns/pid"
#define OWN_WORLD "pid:[4026531836]"

static void put_card(const char *name, const char *address)
{
	char file[120];

	snprintf(file, sizeof(file), "sys/class/net/%s/device", name);
	put(file, "");
	snprintf(file, sizeof(file), "sys/class/net/%s/address", name);
	put(file, address);
}

static struct seat seat(void)
{
	struct seat s;

	seat_find_at(&s, root, "/procq.1000.maya", INT64_C(123456789));
	return s;
}

static void proves(bool container, const char *name)
{
	is_int(seat().container, container, name);
}

static void test_machine(void)
{
	static const char *const words[] = {
		"", "\n", "uninitialized\n", "0123\n", ID "0\n",
		"0123456789ABCDEF0123456789ABCDEF\n",
		"00000000000000000000000000000000\n",
		" 123456789abcdef0123456789abcdef\n"
	};
	struct seat s = seat();
	char name[128] = "", expected[200];

	gethostname(name, sizeof(name) - 1);
	snprintf(expected, sizeof(expected), "%s/procq.1000.maya", name);
	is_str(s.name, expected, "the host and the object are its name");
	is_str(s.machine, ID " 02:00:00:00:00:01", "the id and its card");
	is_str(s.boot, BOOT, "the boot");
	is_str(s.life, "123456789", "the life of the queue");
	proves(false, "another boot proves that it is over");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		put(ID_FILE, words[i]);
		proves(true, "no such id");
		is_str(seat().machine, " 02:00:00:00:00:01", "it is left out");
	}
	drop(ID_FILE);
	proves(true, "no id at all");
	put(ID_FILE, ID);
	proves(false, "no end of the line is needed");
}

static void test_cards(void)
{
	char many[40], *at;
	struct seat s;

	put("sys/class/net/lo/address", "00:00:00:00:00:00\n");
	put("sys/class/net/br0/address", "02:00:00:00:00:aa\n");
	is_str(seat().machine, ID " 02:00:00:00:00:01", "a bridge does not "
	       "count");
	put_card("a", "02:00:00:00:00:02\n");
	put_card("z", "02:00:00:00:00:00\n");
	is_str(seat().machine, ID " 02:00:00:00:00:00 02:00:00:00:00:01 "
	       "02:00:00:00:00:02", "cards in the order of their addresses");
	put("sys/class/net/a/address", "\n");
	is_str(seat().machine, ID " 02:00:00:00:00:00 02:00:00:00:00:01",
	       "one without an address does not count");
	for (int i = 0; i < 40; i++) {
		char card[20];

		snprintf(card, sizeof(card), "c%d", i);
		snprintf(many, sizeof(many), "04:00:00:00:00:%02x\n", 40 - i);
		put_card(card, many);
	}
	s = seat();
	ok(strlen(s.machine) > SEAT_TEXT - 64 &&
	   strlen(s.machine) < SEAT_TEXT, "many cards fill the room: %zu",
	   strlen(s.machine));
	at = strrchr(s.machine, ' ');
	is_int(strlen(at), 18, "and the last is whole");
	for (int i = 0; i < 40; i++) {
		char file[60];

		snprintf(file, sizeof(file), "sys/class/net/c%d/address", i);
		drop(file);
	}
	drop("sys/class/net/z/address");
	drop("sys/class/net/eth0/address");
	proves(true, "without a card, a copy would look the same");
	put_card("eth0", "02:00:00:00:00:01\n");
	proves(false, "with one it would not");
}

static void test_boot(void)
{
	put(BOOT_FILE, "");
	proves(true, "an empty boot id");
	drop(BOOT_FILE);
	proves(true, "no boot id");
	is_str(seat().boot, "", "it is left out");
	put(BOOT_FILE, BOOT "\n");
	proves(false, "a boot id");
}

static void test_world(void)
{
	char shm[40];
	struct stat st;

	if (stat(root, &st) < 0)
		fail(root);
	snprintf(shm, sizeof(shm), OWN_WORLD " shm:%ju",
		 (uintmax_t)st.st_dev);
	is_str(seat().world, shm, "the namespace and the shared memory");
	put_link(WORLD_LINK, "pid:[4026532000]");
	proves(true, "another PID namespace");
	put_link(WORLD_LINK, OWN_WORLD "0");
	proves(true, "one that begins alike");
	drop(WORLD_LINK);
	proves(true, "one that is not known");
	ok(strncmp(seat().world, " shm:", 5) == 0, "it is left out");
	put_link(WORLD_LINK, OWN_WORLD);
	proves(false, "the machine's own");
}

/* A container that has the host's PID namespace and name, but a /dev/shm of its
 * own, is another world: its queue of that name is another one. */
static void test_shm(void)
{
	char own[sizeof(seat().world)];
	struct stat here, there;

	snprintf(own, sizeof(own), "%s", seat().world);
	remove(path_of("dev/shm"));
	if (stat(root, &here) < 0 || stat("/proc", &there) < 0 ||
	    here.st_dev == there.st_dev) {
		skip("another /dev/shm", "no other file system here");
	} else {
		put_link("dev/shm", "/proc");
		ok(strcmp(seat().world, own) != 0, "another /dev/shm: %s",
		   seat().world);
		proves(false, "which is the machine's, too");
		drop("dev/shm");
	}
	proves(true, "none");
	if (mkdir(path_of("dev/shm"), 0700) < 0)
		fail("dev/shm");
	is_str(seat().world, own, "and the first one again");
}

static void test_uptime(void)
{
	struct timespec now;
	int64_t before = seat_uptime(), after, real;

#ifdef CLOCK_BOOTTIME
	clock_gettime(CLOCK_BOOTTIME, &now);
#else
	clock_gettime(CLOCK_MONOTONIC, &now);
#endif
	after = seat_uptime();
	real = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	ok(before <= real && real <= after, "the time since the boot, in ms");
}

/* This machine, whatever it is. */
static void test_here(void)
{
	struct seat s, again;

	seat_find(&s, "/x", 1);
	seat_find(&again, "/x", 1);
	ok(memcmp(&s, &again, sizeof(s)) == 0, "here, it is the same twice: "
	   "'%s' '%s' '%s' %s", s.machine, s.boot, s.world,
	   s.container ? "container" : "machine");
}

int main(void)
{
	begin_machine("seat");
	put(ID_FILE, ID "\n");
	put(BOOT_FILE, BOOT "\n");
	put_link(WORLD_LINK, OWN_WORLD);
	put("dev/shm/x", "");
	drop("dev/shm/x");
	put_card("eth0", "02:00:00:00:00:01\n");
	test_machine();
	test_cards();
	test_boot();
	test_world();
	test_shm();
	test_uptime();
	test_here();
	return done();
}
