# SPDX-License-Identifier: GPL-3.0-or-later
# tests/unit/local.mk - programs that test one room of lib/ or src/, that of
# their name. Each is NAME.c alone.

unit_tests = \
	tests/unit/api \
	tests/unit/args \
	tests/unit/arrivals \
	tests/unit/buckets \
	tests/unit/bell \
	tests/unit/brake \
	tests/unit/command \
	tests/unit/decimal \
	tests/unit/distribution \
	tests/unit/due \
	tests/unit/duration \
	tests/unit/ending \
	tests/unit/event \
	tests/unit/fault \
	tests/unit/fields \
	tests/unit/fill \
	tests/unit/fleet-lock \
	tests/unit/flight \
	tests/unit/folder \
	tests/unit/gap \
	tests/unit/gone \
	tests/unit/histogram \
	tests/unit/hint \
	tests/unit/headroom \
	tests/unit/identity \
	tests/unit/intmap \
	tests/unit/jobs \
	tests/unit/json \
	tests/unit/fence \
	tests/unit/lease \
	tests/unit/line \
	tests/unit/limit \
	tests/unit/member \
	tests/unit/names \
	tests/unit/output \
	tests/unit/owner \
	tests/unit/pace \
	tests/unit/peek \
	tests/unit/reap \
	tests/unit/ration \
	tests/unit/record \
	tests/unit/resume \
	tests/unit/rest \
	tests/unit/resident \
	tests/unit/ring \
	tests/unit/roster \
	tests/unit/safe \
	tests/unit/segment \
	tests/unit/sem \
	tests/unit/signame \
	tests/unit/seqs \
	tests/unit/slice \
	tests/unit/spawn \
	tests/unit/summary \
	tests/unit/sweep \
	tests/unit/table \
	tests/unit/take \
	tests/unit/take-collect \
	tests/unit/take-pin \
	tests/unit/take-signal \
	tests/unit/tally \
	tests/unit/wait \
	tests/unit/word \
	tests/unit/writer
check_PROGRAMS += $(unit_tests)

# Rooms of procq-top, procq-plot and procq-fleet, where their libraries are.
if HAVE_TOP
check_PROGRAMS += tests/unit/top-panels
TESTS += tests/unit/top-panels
tests_unit_top_panels_SOURCES = tests/unit/top-panels.c src/top/grid.c \
	src/top/panels.c src/top/view.c
endif
if HAVE_PLOT
plot_tests = tests/unit/plot-log tests/unit/plot-scene
check_PROGRAMS += $(plot_tests)
TESTS += $(plot_tests)
tests_unit_plot_log_SOURCES = tests/unit/plot-log.c src/plot/log.c
tests_unit_plot_log_CFLAGS = $(PLOT_CFLAGS) $(AM_CFLAGS)
tests_unit_plot_log_LDADD = $(LDADD) $(PLOT_LIBS)
tests_unit_plot_scene_SOURCES = tests/unit/plot-scene.c src/plot/scene.c
tests_unit_plot_scene_LDADD = $(LDADD) -lm
endif

if HAVE_FLEET
fleet_unit_tests = tests/unit/fleet-clock tests/unit/fleet-places \
	tests/unit/fleet-seat tests/unit/fleet-url
check_PROGRAMS += $(fleet_unit_tests)
TESTS += $(fleet_unit_tests)
tests_unit_fleet_clock_SOURCES = tests/unit/fleet-clock.c src/fleet/clock.c
tests_unit_fleet_places_SOURCES = tests/unit/fleet-places.c src/fleet/places.c
tests_unit_fleet_places_CFLAGS = $(FLEET_CFLAGS) $(AM_CFLAGS)
tests_unit_fleet_places_LDADD = $(LDADD) $(FLEET_LIBS)
tests_unit_fleet_seat_SOURCES = tests/unit/fleet-seat.c src/fleet/seat.c
tests_unit_fleet_url_SOURCES = tests/unit/fleet-url.c src/fleet/url.c
tests_unit_fleet_url_CFLAGS = $(FLEET_CFLAGS) $(AM_CFLAGS)
tests_unit_fleet_url_LDADD = $(LDADD) $(FLEET_LIBS)
endif

# An allocation aborts in its turn.
tests_unit_fault_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# The library is played by the test.
tests_unit_ending_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=procq_signal,--wrap=procq_now,--wrap=procq_capacity \
	-Wl,--wrap=procq_give_back,--wrap=procq_hold,--wrap=realloc

# What the objects of lib/ may call.
room_tests = \
	tests/unit/child.test \
	tests/unit/storeys.test
TESTS += $(unit_tests) $(room_tests)
EXTRA_DIST += $(room_tests)

# make check-valgrind runs it, with these and those of together/.
EXTRA_DIST += tests/unit/valgrind.test
