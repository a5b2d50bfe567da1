-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- permit.sql - one order of endings over all hosts: a permit is a row with a
-- holder. Must not name a process: which one is ended, its host decides.
--
-- A permit is taken before the first signal and given back when the death is
-- known here; the next is given not before the gap after that. So no two
-- endings are closer than the gap, whatever the clocks of the hosts say. It is
-- the host's own word alone that it is over, or a proof that the host is gone,
-- or a person's.
--
-- A number is the host's own: it names the permit in its queue. Between the
-- commit and the answer, or when the answer is lost, a permit is charged and
-- not there. Then the next call of the host lists it neither as held nor as
-- done, and it is taken back, without a gap: so a host says first what is done,
-- and forgets it when that was heard.

-- What a seat says of its permits. The caller has locked the queue.
-- @return true: it has one that is not known here
CREATE OR REPLACE FUNCTION procq.book_permits(q text, s text, held int[],
	done int[], t timestamptz, gap interval) RETURNS boolean
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
DECLARE
	forgotten int;
BEGIN
	UPDATE permit SET ended = t WHERE queue = q AND seat = s AND
		number = ANY (done) AND ended IS NULL;
	-- One that is not known may have been taken for over some time ago, or
	-- be forgotten.
	INSERT INTO permit (queue, seat, number, since, ended)
		SELECT q, s, x, t, t FROM unnest(done) x ON CONFLICT DO NOTHING;
	UPDATE permit SET ended = NULL WHERE queue = q AND seat = s AND
		number = ANY (held) AND ended IS NOT NULL;
	INSERT INTO permit (queue, seat, number, since)
		SELECT q, s, x, t FROM unnest(held) x ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	DELETE FROM permit WHERE queue = q AND seat = s AND ended IS NULL AND
		number <> ALL (held);
	DELETE FROM permit WHERE queue = q AND ended + gap <= t;
	RETURN forgotten > 0;
END $$;

-- How long until so many more permits may be free: at once, or when so many
-- gaps are over, or nobody knows.
CREATE OR REPLACE FUNCTION procq.permit_wait(u procq.queue, more int,
	ahead int, t timestamptz) RETURNS int
LANGUAGE sql STABLE SET search_path = procq, pg_temp AS $$
	SELECT least(5000, u.lease_ms / 3, greatest(10, coalesce(
		(SELECT ceil(extract(epoch FROM ended - t) * 1000 +
			u.gap_ms) FROM permit
			WHERE queue = u.name AND ended IS NOT NULL
			ORDER BY ended OFFSET greatest(0, more - 1) LIMIT 1),
		least(1000, 100 + 50 * ahead))))::int;
$$;

-- A host's permits: what it holds, what is done, how many more it wants, and
-- how old the oldest process is that it would end. Absolute and numbered, as
-- lease(); the codes are the same.
--
--	ok	given is what the seat holds; wait_ms: when to ask again. needed
--		is false where everybody may end what they want
CREATE OR REPLACE FUNCTION procq.permits(q text, s text, e bigint, n bigint,
	held int[], done int[], wanted int, age_ms bigint,
	heard bigint DEFAULT 0, OUT code text, OUT given int[],
	OUT wait_ms int, OUT needed boolean, OUT role text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
#variable_conflict use_column
DECLARE
	r seat;
	u queue;
	t timestamptz;
	born timestamptz;
	free int;
	ahead int;			-- wanted for older processes elsewhere
	unused int[];
BEGIN
	PERFORM begin_call();
	IF wanted NOT BETWEEN 0 AND 31 OR age_ms < 0 OR EXISTS (SELECT FROM
			unnest(held || done) x WHERE x NOT BETWEEN 1 AND 31) THEN
		RAISE EXCEPTION 'permits are numbered 1 to 31';
	END IF;
	SELECT * INTO r FROM seat WHERE queue = q AND seat = s FOR UPDATE;
	code := refuse(r, e, n);
	IF code <> 'ok' THEN
		role := r.released;
		RETURN;
	END IF;
	PERFORM expire(q, s) FROM queue WHERE name = q AND policy = 'end';
	u := lock_queue(q);
	t := clock_timestamp();
	IF u.policy = 'end' AND r.until <= t THEN
		PERFORM charge(q, s, 0);
		PERFORM end_permits(q, s);
		code := 'expired';
		RETURN;
	END IF;
	-- This server has forgotten what it gave, or gone back to an earlier
	-- state.
	IF book_permits(q, s, held, done, t, u.gap_ms * interval '1 ms') OR
			heard > r.seq THEN
		u := learn(u);
	END IF;
	needed := u.endings > 0;
	born := t - coalesce(age_ms, 0) * interval '1 ms';
	free := u.endings - (SELECT count(*) FROM permit WHERE queue = q);
	-- One that wished and does not come for its permit is passed over soon.
	ahead := (SELECT coalesce(sum(ending_want), 0) FROM seat
		WHERE queue = q AND seat <> s AND ending_want > 0 AND
			ending_until > t AND until > t AND
			(ending_born, seat) < (born, s));
	IF u.learning_until > t OR u.permits_from > t THEN
		free := 0;
	END IF;
	unused := ARRAY (SELECT x FROM generate_series(1, 31) x
		WHERE x <> ALL (held || done) AND NOT EXISTS (SELECT FROM permit
			WHERE queue = q AND seat = s AND number = x)
		ORDER BY x LIMIT greatest(0, least(wanted, free - ahead)));
	INSERT INTO permit (queue, seat, number, since)
		SELECT q, s, x, t FROM unnest(unused) x;
	free := free - cardinality(unused);
	wait_ms := permit_wait(u, ahead + 1 - free, ahead, t);
	IF u.learning_until > t OR u.permits_from > t THEN
		wait_ms := least(u.lease_ms / 3, 1000);
	END IF;
	UPDATE seat SET seq = n, ending_born = born,
		ending_want = wanted - cardinality(unused),
		ending_until = t + (wait_ms + 2000) * interval '1 ms'
	WHERE queue = q AND seat = s;
	given := held || unused;
	code := 'ok';
END $$;

