-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- view.sql - one view over all of it: the queues, and what is there at each
-- host. And their end.

CREATE OR REPLACE FUNCTION procq.queues() RETURNS TABLE (name text,
	capacity int, used int, present bigint, hosts bigint, cut_off bigint,
	waiting bigint, policy text, lease_ms int, closed boolean,
	learning boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT q.name, s.capacity, s.used, s.present, s.hosts, s.cut_off,
		s.waiting, s.policy, s.lease_ms, s.closed, s.learning
	FROM queue q, LATERAL stat(q.name) s ORDER BY q.name;
$$;

-- A host finds its own queue by its life.
CREATE OR REPLACE FUNCTION procq.show(q text) RETURNS TABLE (seat text,
	life text, present bigint, oldest_ms bigint, state text,
	seen_ms bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT h.seat, s.life, h.in_use, h.oldest_ms, h.state, h.seen_ms
	FROM hosts(q) h JOIN seat s ON s.queue = q AND s.seat = h.seat
	ORDER BY h.seat;
$$;

-- What procq top and Prometheus show of a host.
CREATE OR REPLACE FUNCTION procq.watch(q text) RETURNS TABLE (seat text,
	held int, present bigint, wants int, state text, lease_ms bigint,
	oldest_ms bigint, seen_ms bigint, started bigint, ended bigint,
	note text)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT h.seat, h.held, h.in_use, h.wants, h.state, h.lease_ms,
		h.oldest_ms, h.seen_ms, s.started + s.past_started,
		s.retired + s.exited + s.lost + s.past_retired +
			s.past_exited + s.past_lost,
		coalesce(h.released_by, h.durable)
	FROM hosts(q) h JOIN seat s ON s.queue = q AND s.seat = h.seat
	ORDER BY h.seat;
$$;

-- Is it certain that no process is there? held: slots that are charged, which
-- are never less than the processes; with 'end', what has run out is nobody's.
-- NULL: there is no such queue.
CREATE OR REPLACE FUNCTION procq.emptiness(q text, OUT held bigint,
	OUT holders bigint, OUT present bigint, OUT one text,
	OUT learning boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT coalesce(sum(x.granted), 0), count(x.seat),
		coalesce(sum(x.present), 0), min(x.seat),
		u.learning_until > clock_timestamp()
	FROM queue u LEFT JOIN seat x ON x.queue = u.name AND x.granted > 0 AND
		(u.policy <> 'end' OR x.until > clock_timestamp())
	WHERE u.name = q GROUP BY u.name;
$$;

-- Remove a queue, and all that is known of its hosts.
--
--	removed
--	held		hosts hold slots, and not all is to be given up
--	no-queue
--
-- The seats first: a call that holds one waits for none but the queue. One that
-- makes a seat meanwhile has locked the queue's key; what it is charged is seen
-- when it is over.
CREATE OR REPLACE FUNCTION procq.remove(q text, give_up boolean,
	OUT code text, OUT held int, OUT holders bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
DECLARE
	u queue;
BEGIN
	PERFORM begin_call();
	PERFORM FROM seat WHERE queue = q ORDER BY seat FOR UPDATE;
	SELECT * INTO u FROM queue WHERE name = q FOR UPDATE;
	IF NOT FOUND THEN
		code := 'no-queue';
		RETURN;
	END IF;
	held := u.used;
	holders := (SELECT count(*) FROM seat WHERE queue = q AND granted > 0);
	code := 'held';
	IF held > 0 AND NOT give_up THEN
		RETURN;
	END IF;
	DELETE FROM queue WHERE name = q;
	INSERT INTO log (action, queue, slots) VALUES ('remove', q, held);
	code := 'removed';
END $$;

