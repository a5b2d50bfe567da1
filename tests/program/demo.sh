#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh - make demo: a producer and a consumer on a queue of their own, for
# about ten seconds, both outputs in view. The last line adds up what was
# started and what became of it; exit 1 if it does not, or if a process or
# the queue is left. Touches no other queue.

set -eu
: "${PRODUCER:=producer}" "${CONSUMER:=consumer}" "${PROCQ:=procq}"

PROCQ_QUEUE=demo-$$
export PROCQ_QUEUE
LC_ALL=C
export LC_ALL
dir=$(mktemp -d "${TMPDIR:-/tmp}/procq-demo.XXXXXX")
running=
cleanup()
{
	for pid in $running; do
		kill -TERM "$pid" 2>/dev/null || :
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# label NAME: show the lines of a program with its name, and keep them
label()
{
	while IFS= read -r line; do
		printf '%s | %s\n' "$1" "$line"
		printf '%s\n' "$line" >&3
	done 3>"$dir/$1.log"
}

cat <<END
Two programs on the queue $PROCQ_QUEUE, which has room for 4 processes:
  producer -c 4 -t 8 -d 0-0.6 -- sleep 1    one every 0 to 0.6 s, for 8 s
  consumer -d 0-0.6 --drain                 ends them, the oldest first
END
mkfifo "$dir/producer" "$dir/consumer"
label producer <"$dir/producer" &
producer_label=$!
label consumer <"$dir/consumer" &
consumer_label=$!
"$PRODUCER" -c 4 -t 8 -d 0-0.6 -- sleep 1 >"$dir/producer" 2>&1 &
producer=$!
"$CONSUMER" -d 0-0.6 --drain >"$dir/consumer" 2>&1 &
consumer=$!
running="$producer $consumer"

failed=no
wait "$producer" || failed="the producer's exit status was $?"
wait "$consumer" || failed="the consumer's exit status was $?"
running=
wait "$producer_label" "$consumer_label"

# count EVENT [WORD]: the lines of both that say EVENT. Of what exits while the
# producer waits for room, it may be the producer that says so.
count()
{
	cat "$dir/producer.log" "$dir/consumer.log" |
		grep -c " $1 seq=.*${2-}" || :
}
started=$(count started)
exited=$(count retired ' by=\(self\|other\)')
retired=$(($(count retired) - exited))
[ "$started" -gt 0 ] && [ "$started" -eq $((retired + exited)) ] ||
	failed="that does not add up"

# comm PID: what it runs; the number alone may be another process's by now
comm()
{
	if [ -d /proc/self ]; then
		cat "/proc/$1/comm" 2>/dev/null
	else
		ps -o comm= -p "$1" 2>/dev/null
	fi
}
left=
pids=$(sed -n 's/.* started seq=.* pid=\([0-9]*\) .*/\1/p' "$dir/producer.log")
for pid in $pids; do
	[ "$(comm "$pid")" != sleep ] || left="$left process $pid,"
done
if "$PROCQ" show >/dev/null 2>&1; then
	left="$left queue $PROCQ_QUEUE,"
	"$PROCQ" remove --kill || :
fi

sum="started $started = retired $retired + exited $exited"
left=${left%,}
echo "$sum,${left:- none} left"
[ -z "$left" ] || failed="something is left"
if [ "$failed" != no ]; then
	echo "demo.sh: $failed" >&2
	exit 1
fi
