#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# f-answer.sh - the pid of a process in a queue of procq comes round. It is to
# be the first process of a PID namespace, as f-pid-reuse is.

if [ $$ -ne 1 ]; then
	echo "f-answer.sh: start it in a PID namespace of its own:" >&2
	echo "unshare -Ur -p -f --mount-proc sh f-answer.sh" >&2
	exit 2
fi
# Several people may do this at once, each in a namespace.
queue=${PROCQ_QUEUE-reuse}-$(readlink /proc/self/ns/pid | tr -cd 0-9)

# One process, which is left in the queue when its producer has exited.
producer -q "$queue" -n 1 -d 0 --on-exit=leave --no-summary || exit
pid=$(procq show -n -o PID "$queue" | tr -d ' ')
[ "$pid" -gt 1 ] || exit

kill -KILL "$pid"
while [ -e "/proc/$pid" ]; do
	sleep 0.01
done
echo "process $pid is dead and reaped; its number comes round"
echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid || exit
sleep 1000 &
echo "a stranger is started: process $!"

consumer -q "$queue" --drain --no-summary
kill -0 $! && echo "process $! lives"
