/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer-boost.cc - Boost.Interprocess message_queue; see transport.h. */
#include <boost/interprocess/ipc/message_queue.hpp>

#include "transport.h"

using boost::interprocess::message_queue;

static message_queue *queue;

static bool make(const char *name, unsigned capacity)
{
	/* It takes a name without a slash. */
	message_queue::remove(name + 1);
	queue = new message_queue(boost::interprocess::create_only, name + 1,
				  capacity, sizeof(struct record));
	return true;
}

static void put(const struct record *record)
{
	queue->send(record, sizeof(*record), 0);
}

static void get(struct record *record)
{
	message_queue::size_type size;
	unsigned priority;

	queue->receive(record, sizeof(*record), size, priority);
}

static void remove_it(const char *name)
{
	delete queue;
	message_queue::remove(name + 1);
}

extern "C" const struct transport peer = {
	"Boost message_queue", make, nullptr, put, get, nullptr, nullptr,
	remove_it, 0, false,
};
