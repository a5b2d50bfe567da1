# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# lib.sh - what the shell tests share beyond tap.sh: programs in the background,
# waits that end, and the clean end of a test. Sourced, not run:
#
#	. "${srcdir:-.}/kit/lib.sh"
#	launch p "$PRODUCER" -n 3
#	await 10 grep -q seq=3 "$dir/p.out"
#	check "three are started" same 3 "$(count started p)"
#	finish "$p_pid"
#	the_end
#
# It must signal no process but those the test has started: each is recorded
# with the time of its start, and looked at again before a signal. It must
# remove no object but those whose name begins with this test's own.

# Under nohup, or in the background, all of it begins with signals ignored,
# which a shell can't undo.
if [ -z "${SIGNALS_DEFAULT-}" ] && env --default-signal true 2>/dev/null; then
	SIGNALS_DEFAULT=1
	export SIGNALS_DEFAULT
	exec env --default-signal "${TEST_SHELL:-sh}" "$0" "$@"
fi

. "${srcdir:-.}/kit/tap.sh"

: "${srcdir:=.}" "${builddir:=.}" "${AWK:=awk}"
: "${PRODUCER:=$builddir/../src/producer}"
: "${CONSUMER:=$builddir/../src/consumer}"
: "${PROCQ:=$builddir/../src/procq}"
for program in "$PRODUCER" "$CONSUMER" "$PROCQ"; do
	if ! [ -x "$program" ]; then
		echo "1..0 # SKIP no program $program"
		exit 0
	fi
done

uid=$(id -u)
# Every queue of this test begins with this.
prefix=t$$-$test_name
pids=
status=0
limit=
! command -v timeout >/dev/null || limit='timeout -s KILL 30'

# check_with FEATURE NAME COMMAND...: a check of what only builds with it have
check_with()
{
	feature=$1
	shift
	if feature "$feature"; then
		check "$@"
	else
		skip "$1" "built without $feature"
	fi
}

# Words for check. Each says on standard output what it found.

# has FILE REGEX, has_not FILE REGEX: of all that a program said
has()
{
	two_operands "$@" && grep -E -q -e "$2" "$1" || {
		echo "no /$2/ in ${1##*/}:"
		cat "$1"
		return 1
	}
}

has_not()
{
	two_operands "$@" || return
	grep -E -e "$2" "$1"
	# More than that: the file can't be read.
	[ $? -eq 1 ]
}

# each_line FILE REGEX: there is one at least, and each is that, as a whole
each_line()
{
	two_operands "$@" || return
	[ -s "$1" ] || {
		echo "${1##*/} is empty"
		return 1
	}
	grep -E -v -x -e "$2" "$1"
	[ $? -eq 1 ]
}

# An option of grep here would be taken for the file or the pattern, and what
# is never there is never found.
two_operands()
{
	[ $# -eq 2 ] || {
		echo "a file and a pattern are wanted, not: $*"
		return 1
	}
}

# at_most N MAX, at_least N MIN
at_most()
{
	echo "$1, at most $2"
	[ "$1" -le "$2" ]
}

at_least()
{
	echo "$1, at least $2"
	[ "$1" -ge "$2" ]
}

# Processes.

# state PID: the letter of its state; nothing if there is no such process
state()
{
	if [ -d /proc/self ]; then
		# The name, in brackets, may hold anything.
		sed -n 's/.*) \([A-Za-z]\) .*/\1/p' "/proc/$1/stat" 2>/dev/null
	else
		ps -o state= -p "$1" 2>/dev/null | cut -c1
	fi
}

# birth PID: something that another process of that number does not have
birth()
{
	if [ -d /proc/self ]; then
		sed -n 's/.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
	else
		ps -o lstart= -p "$1" 2>/dev/null | tr -d ' '
	fi
}

# remember PIDS: the test has started them, and ends them if nobody else does
remember()
{
	for new in $1; do
		pids="$pids $new:$(birth "$new")"
	done
}

# alive PID: one that was remembered, neither dead nor another one
alive()
{
	case " $pids " in
	*" $1:$(birth "$1") "*) ;;
	*) return 1 ;;
	esac
	case $(state "$1") in
	'' | Z | X) return 1 ;;
	esac
}

# dead PID: one that was remembered. Any other would always be.
dead()
{
	case " $pids " in
	*" $1:"*) ! alive "$1" ;;
	*)
		echo "'$1' was not remembered"
		return 1
		;;
	esac
}

# send SIGNAL PID: to one that was remembered, and lives
send()
{
	case $2 in
	'' | 0 | 1 | *[!0-9]*)
		note "refused: kill -$1 '$2'"
		return 1
		;;
	esac
	alive "$2" && kill -"$1" "$2"
}

# launch NAME COMMAND...: in the background. Its pid is $NAME_pid, what it
# says is in $dir/NAME.out and $dir/NAME.err.
launch()
{
	launched=$1
	shift
	"$@" >"$dir/$launched.out" 2>"$dir/$launched.err" &
	background "$launched"
}

# launch_until COLUMN VALUE NAME COMMAND...: launch, and wait until stat_is so
launch_until()
{
	awaited=$1
	value=$2
	shift 2
	launch "$@"
	await 10 stat_is "$awaited" "$value"
}

# background NAME: what was started with & is $NAME_pid
background()
{
	eval "${1}_pid=\$!"
	remember "$!"
}

# finish PID [SECONDS]: wait for the end of one that was launched. Its exit
# status is in $status; "hung" if it had to be killed.
finish()
{
	if within "${2:-20}" dead "$1"; then
		wait "$1" 2>/dev/null
		status=$?
	else
		note "process $1 does not end"
		send KILL "$1"
		wait "$1" 2>/dev/null
		status=hung
	fi
}

# can_adopt: helper orphans can do its work here
can_adopt()
{
	"$(helper orphans)" /dev/null 0 true >/dev/null
}

# foster NAME SECONDS COMMAND...: launch it under helper orphans, which adopts
# what it leaves, and looks on for SECONDS; the command's own pid is $producer
foster()
{
	fostered=$1
	shift
	rm -f "$dir/producer"
	launch "$fostered" "$(helper orphans)" "$dir/producer" "$@"
	await 10 test -s "$dir/producer"
	producer=$(cat "$dir/producer")
	remember "$producer"
}

# ends_with STATUS PID [SECONDS]: for check; as finish, and it has to end so
ends_with()
{
	wanted=$1
	shift
	finish "$@"
	same "$wanted" "$status"
}

# end_by SIGNAL PID...: send it to each, one after the other, and finish it
end_by()
{
	by=$1
	shift
	for each do
		send "$by" "$each"
		finish "$each"
	done
}

# run NAME COMMAND...: in the foreground, to its end; as launch and finish
run()
{
	ran=$1
	shift
	# Without a signal that the command could take for the test's.
	$limit "$@" >"$dir/$ran.out" 2>"$dir/$ran.err" </dev/null
	status=$?
	[ -z "$limit" ] || [ "$status" -ne 137 ] || status=hung
}

# ready COUNT [NAME]: so many of helper ignore do so by now, in $dir/NAME, or
# else in $dir/ready
ready()
{
	set -- "$1" "$dir/${2-ready}"/[0-9]*
	[ $(($# - 1)) -eq "$1" ] && [ -e "$2" ]
}

# keep [OPTION]...: a producer that pauses, so that there is a queue for a
# consumer to join
keep()
{
	launch_until PRODUCERS 1 keep "$PRODUCER" -d 1000 --quiet \
		--no-summary "$@"
}

# keep_no_more
keep_no_more()
{
	end_by TERM "$keep_pid"
}

# hold [OPTION]...: the same, and a consumer that pauses, and so leaves what
# exits in the queue; without one, the producer would report that itself
hold()
{
	keep "$@"
	launch_until CONSUMERS 1 hold "$CONSUMER" -d 1000 --quiet --no-summary
}

# hold_no_more
hold_no_more()
{
	end_by TERM "$hold_pid"
	keep_no_more
}

# joined CONSUMER_OPTION...: a consumer named c that has joined; after keep
joined()
{
	launch_until CONSUMERS 1 c "$CONSUMER" "$@"
}

# beside OPTIONS COMMAND...: as run p; a consumer c with these options, as a
# shell reads them, which ends nobody as young, tells of what exits
beside()
{
	beside=$1
	shift
	keep
	eval "joined -d 0 -a 100 $beside"
	run p "$@"
	beside=$status
	finish "$c_pid"
	keep_no_more
	status=$beside
}

# run_exits NAME STATUS COMMAND...: for check; as run, and it has to exit so
run_exits()
{
	ran=$1
	wanted=$2
	shift 2
	run "$ran" "$@"
	cat "$dir/$ran.err"
	same "$wanted" "$status"
}

# exits STATUS COMMAND...: the same; leaves $dir/x.out and $dir/x.err
exits()
{
	run_exits x "$@"
}

# gives REGEX COMMAND...: for check and await; all is well, and x.out has that
gives()
{
	sought=$1
	shift
	exits 0 "$@" && has "$dir/x.out" "$sought"
}

# gives_only TEXT COMMAND...: and x.out is that
gives_only()
{
	sought=$1
	shift
	exits 0 "$@" && same "$sought" "$(cat "$dir/x.out")"
}

# stopped PID
stopped()
{
	case $(state "$1") in
	T | t) ;;
	*) return 1 ;;
	esac
}

# children PID: of any state
children()
{
	if [ -d /proc/self ]; then
		# After the name: state, then parent. sed would end at the
		# first one that goes away while it reads it; cat goes on.
		cat /proc/[0-9]*/stat 2>/dev/null |
			sed -n "s/^\\([0-9]*\\) (.*) [A-Za-z] $1 .*/\\1/p"
	else
		ps -A -o pid=,ppid= | $AWK -v p="$1" '$2 == p { print $1 }'
	fi
}

# Queues.

# new_queue [NAME]: the queue that is meant from now on; on Linux, its files are
# $object and, where there is one, $lock
new_queue()
{
	PROCQ_QUEUE=$prefix${1:+-$1}
	export PROCQ_QUEUE
	object=/dev/shm/procq.$uid.$PROCQ_QUEUE
	lock=/tmp/procq-lock.${object##*/}
}

# forget_object: what stands in the place of the queue, unlike its programs
forget_object()
{
	rm -f "$object" "$lock"
}

# objects: the files of this test's queues, where they can be seen
objects()
{
	for file in /dev/shm/*"$prefix"* /tmp/procq-lock.*"$prefix"*; do
		case $file in
		# Another build's procq list may have made this one.
		/tmp/*) ! feature SHM_LOCKS || continue ;;
		esac
		[ ! -e "$file" ] && [ ! -h "$file" ] || echo "$file"
	done
}

# stat_of COLUMN [QUEUE]: one counter
stat_of()
{
	"$PROCQ" stat --raw --noheadings --output "$1" \
		"${2:-$PROCQ_QUEUE}" 2>/dev/null
}

# stat_is COLUMN VALUE [QUEUE]
stat_is()
{
	same "$2" "$(stat_of "$1" "${3:-$PROCQ_QUEUE}")"
}

# is_gone [QUEUE]
is_gone()
{
	! "$PROCQ" show "${1:-$PROCQ_QUEUE}"
}

# adds_up: no process has been lost or reported twice, of all in this queue
adds_up()
{
	"$PROCQ" stat || return 1
	stat_is ADDS_UP 1
}

# is_sound: procq check has nothing to complain of
is_sound()
{
	"$PROCQ" check
}

# What the lines of a program say.

# count EVENT NAME: of the lines in NAME.out
count()
{
	$AWK -v event="$1" '$2 == event { n++ } END { print n + 0 }' \
		"$dir/$2.out"
}

# told N EVENT NAME: for check and await; so many lines say so by now
told()
{
	same "$1" "$(count "$2" "$3")"
}

# field KEY EVENT NAME: its values, one to a line; text lines. Of a length of
# time, in seconds.
field()
{
	sed -n "s/^[^ ]* $2 \\(.* \\)*$1=\\([^ ]*\\).*/\\2/p" "$dir/$3.out" |
		case $1 in
		lived | age | latency) seconds ;;
		*) cat ;;
		esac
}

# caused N CAUSE NAME: for check; so many ends in NAME.out tell it
caused()
{
	same "$1" "$(field cause retired "$3" | grep -c -x -e "$2")"
}

# seconds: of lengths of time with a unit, on standard input
seconds()
{
	$AWK 'BEGIN {
			size["ns"] = 1e-9; size["us"] = 1e-6; size["ms"] = 1e-3
			size["s"] = 1; size["m"] = 60; size["h"] = 3600
			size["d"] = 86400
		}
		{
			unit = $0
			gsub(/[0-9.]/, "", unit)
			printf "%.9f\n", $0 * size[unit]
		}'
}

# ascending, on standard input: each number is greater than the one before
ascending()
{
	$AWK 'NR > 1 && $1 + 0 <= last { bad = 1; print "after " last ": " $1 }
		{ last = $1 + 0 } END { exit bad }'
}

# accounted STARTED... -- ENDED...: by the text lines of these, each process
# was started once, and ended once
accounted()
{
	event=started
	mark=b
	for log do
		if [ "$log" = -- ]; then
			event='retired'
			mark=d
			continue
		fi
		sed -n "s/^[^ ]* $event \(.* \)*seq=\([0-9]*\).*/\2 $mark/p" \
			"$dir/$log.out"
	done >"$dir/accounted"
	# In order, b(orn) stands before d(ead).
	sort "$dir/accounted" | $AWK '{ n[$1] = n[$1] $2 }
		END {
			for (s in n)
				if (n[s] != "bd") {
					print "seq " s ": " n[s]
					bad = 1
				}
			exit bad || NR == 0
		}'
}

# The machine.

# feature NAME: was this Linux feature compiled in?
feature()
{
	grep -q "^#define PQ_USE_$1 1" "$builddir/../config.h" 2>/dev/null
}

# Can the child of a dead producer be distinguished from another process?
can_identify()
{
	feature PIDFD && { feature PIDFS || feature STARTTIME; }
}

# helper NAME: the path of a program that is built beside the tests
helper()
{
	echo "$builddir/kit/helper-$1"
}

# The end.

# survivors: processes that were started with one of this test's queues in
# their environment, the test's own shell aside
survivors()
{
	[ -r /proc/self/environ ] || return 0
	(
		# What is started here must not find itself.
		unset PROCQ_QUEUE
		grep -l -e "PROCQ_QUEUE=$prefix" /proc/[0-9]*/environ \
			2>/dev/null | cut -d/ -f3
	)
}

nobody_left()
{
	left=$(survivors)
	[ -z "$left" ] || {
		echo "still there: $left"
		return 1
	}
}

nothing_left()
{
	left=$(objects)
	[ -z "$left" ] || {
		echo "still there: $left"
		return 1
	}
}

no_sanitizer_spoke()
{
	! grep -l -e 'Sanitizer' -e 'runtime error:' "$dir"/*.err
}

cleanup()
{
	for entry in $pids; do
		send CONT "${entry%%:*}" 2>/dev/null
		send KILL "${entry%%:*}" 2>/dev/null
	done
	# What a test was to end and did not. Their environment names a queue
	# of this very test, so they are its own.
	for pid in $(survivors); do
		remember "$pid"
		grep -q -e "PROCQ_QUEUE=$prefix" "/proc/$pid/environ" \
			2>/dev/null && send KILL "$pid"
	done
	for file in $(objects); do
		queue=${file##*/}
		queue=${queue#procq-lock.}
		"$PROCQ" remove --kill --kill-after=0.1 "/$queue" \
			>/dev/null 2>&1
	done
	for file in $(objects); do
		if [ -d "$file" ] && [ ! -h "$file" ]; then
			rmdir "$file"
		else
			rm -f "$file"
		fi
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# the_end: what holds after every test, and the plan
the_end()
{
	within 10 nobody_left
	check "no process is left" nobody_left
	within 5 nothing_left
	check "no shared memory is left" nothing_left
	check "no sanitizer has spoken" no_sanitizer_spoke
	the_plan
}

new_queue
