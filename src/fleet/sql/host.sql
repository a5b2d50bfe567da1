-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- host.sql - the calls of a host: attach and lease. Must not believe a host
-- that its processes are gone without a proof.

-- A helper begins: the next epoch. What an earlier one has under way is
-- refused from now on. have: the records that are not parked; fenced: each of
-- them is in use, and none is left that is only granted.
--
--	ok		granted is what the seat is charged with
--	no-queue	there is no such queue here
--	denied		another role has made the seat
--	taken		slots are charged to another machine, boot or
--			container of this name, of which no proof is here that
--			its processes are gone. wait_ms: when to ask again; 0:
--			procq release
--	full		it has processes that the fleet has never known, and
--			there is no room for these
--	late		this life of the local queue, or this boot, has been
--			followed by another: a request from long ago
--	expired, released
--			what was granted is not any more: fence, and attach
CREATE OR REPLACE FUNCTION procq.attach(q text, s text, machine_id text,
	boot_id text, world_id text, in_container boolean, up_ms bigint,
	life_id text, host_epoch bigint, have int, fenced boolean,
	report jsonb,
	OUT code text, OUT epoch bigint, OUT granted int, OUT lease_ms int,
	OUT policy text, OUT wait_ms int, OUT durable text,
	OUT permits boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
#variable_conflict use_column
DECLARE
	r seat;
	u queue;
	t timestamptz;
	anew boolean := false;
	self text := concat_ws('/', boot_id, world_id, life_id);
BEGIN
	PERFORM begin_call();
	IF have NOT BETWEEN 0 AND 1048576 THEN
		RAISE EXCEPTION 'have is %, not 0 to 1048576', have;
	END IF;
	wait_ms := 0;
	durable := durable();
	IF NOT EXISTS (SELECT FROM queue WHERE name = q) THEN
		code := 'no-queue';
		RETURN;
	END IF;
	INSERT INTO seat (queue, seat, owner, machine, boot, world, container,
		life, epoch, until, seen)
	VALUES (q, s, session_user, machine_id, boot_id, world_id,
		in_container, life_id, 0, '-infinity', '-infinity')
	ON CONFLICT DO NOTHING;
	anew := FOUND;
	SELECT * INTO r FROM seat WHERE queue = q AND seat = s FOR UPDATE;
	u := lock_queue(q);
	t := clock_timestamp();
	policy := u.policy;
	lease_ms := u.lease_ms;
	permits := u.endings > 0;
	IF r.owner <> session_user THEN
		code := 'denied';
		RETURN;
	END IF;
	IF self = ANY (r.past) THEN
		code := 'late';
		RETURN;
	END IF;
	IF r.released IS NOT NULL AND have > 0 AND NOT fenced AND
			(r.boot, r.world, r.life) = (boot_id, world_id, life_id)
	THEN
		code := 'released';
		RETURN;
	END IF;
	IF u.policy = 'end' AND r.until <= t THEN
		PERFORM charge(q, s, 0);
		PERFORM end_permits(q, s);
		r.granted := 0;
	END IF;
	IF r.granted > 0 AND (r.machine, r.boot, r.world) <>
			(machine_id, boot_id, world_id) THEN
		-- Only a boot that began after the last word of the one
		-- before it, on the same machine, outside of containers, is a
		-- proof; and that one must have had time to say another.
		IF r.machine <> machine_id OR r.boot = boot_id OR
				r.container OR in_container OR
				up_ms IS NULL OR
				t - up_ms * interval '1 ms' < r.seen THEN
			code := 'taken';
			RETURN;
		ELSIF r.until > t THEN
			code := 'taken';
			wait_ms := 1 + extract(epoch FROM r.until - t) * 1000;
			RETURN;
		END IF;
		PERFORM charge(q, s, 0);
		r.granted := 0;
	END IF;
	-- A queue loses its name only when it is empty: so if another one has
	-- it, in the same world, the old one is gone. Its new processes, if
	-- there are any, are charged below.
	IF (r.boot, r.world, r.life) <> (boot_id, world_id, life_id) THEN
		PERFORM end_life(q, s);
		PERFORM charge(q, s, 0);
		r.granted := 0;
		IF NOT anew THEN
			UPDATE seat SET past = (concat_ws('/', r.boot, r.world,
				r.life) || past)[1:64]
			WHERE queue = q AND seat = s;
		END IF;
	END IF;
	SELECT * INTO u FROM queue WHERE name = q;
	IF have > r.granted THEN
		-- Others may have what has run out.
		IF u.policy = 'end' AND NOT fenced AND
				u.learning_until <= t THEN
			code := 'expired';
			RETURN;
		END IF;
		IF host_epoch = 0 AND have > u.capacity - u.used + r.granted
		THEN
			code := 'full';
			IF anew THEN
				DELETE FROM seat WHERE queue = q AND seat = s;
			END IF;
			RETURN;
		END IF;
		-- It has been granted more than is known here.
		IF host_epoch > r.epoch OR (host_epoch = r.epoch AND
				host_epoch > 0 AND r.released IS NULL AND
				u.policy <> 'end') THEN
			u := learn(u);
		END IF;
		PERFORM charge(q, s, have);
		r.granted := have;
	ELSIF host_epoch > r.epoch THEN
		u := learn(u);
	END IF;
	-- A word from before it heard of its release does not undo that.
	UPDATE seat SET epoch = greatest(r.epoch, host_epoch) + 1, seq = 0,
		machine = machine_id, boot = boot_id, world = world_id,
		container = in_container, life = life_id,
		released = CASE WHEN (r.boot, r.world, r.life) =
			(boot_id, world_id, life_id) AND host_epoch < r.epoch
			THEN r.released END,
		until = t + u.lease_ms * interval '1 ms', seen = t,
		durable = durable()
	WHERE queue = q AND seat = s RETURNING seat.epoch INTO epoch;
	PERFORM book(q, s, report);
	granted := r.granted;
	code := 'ok';
END $$;

-- The one call that all else rides on: heartbeat, ledger, grants, returns.
--
--	ok		at most granted records may be unparked, for lease_ms
--			from before the call was sent. recall: so many are to
--			be parked as they become free. wait_ms: when to call
--			again
--	stale		a later request has overtaken this one
--	fenced		another helper has attached
--	unknown		there is no such seat, or queue: attach
--	expired		the lease ran out, with 'end'; attach
--	released	by whom the seat was released, says role; attach
--	denied		another role has made the seat
--
-- heard: the last request of this epoch that was answered. If its number is not
-- here, this server has gone back to an earlier state: one that was copied
-- while it was stopped and put in place again has the same origin.
CREATE OR REPLACE FUNCTION procq.lease(q text, s text, e bigint, n bigint,
	have int, wanted int, report jsonb, heard bigint DEFAULT 0,
	OUT code text, OUT granted int, OUT lease_ms int, OUT recall int,
	OUT wait_ms int, OUT policy text, OUT role text,
	OUT learning boolean, OUT closed boolean, OUT permits boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
#variable_conflict use_column
DECLARE
	r seat;
	u queue;
	t timestamptz;
	room int;
	ahead int;			-- slots for those that waited longer
	due int;			-- for all that wait
	active int;
	share int;
	line timestamptz;
BEGIN
	PERFORM begin_call();
	IF have NOT BETWEEN 0 AND 1048576 OR
			wanted NOT BETWEEN 0 AND 1048576 THEN
		RAISE EXCEPTION 'have and want are % and %, not 0 to 1048576',
			have, wanted;
	END IF;
	granted := 0;
	recall := 0;
	SELECT * INTO r FROM seat WHERE queue = q AND seat = s FOR UPDATE;
	code := refuse(r, e, n);
	IF code <> 'ok' THEN
		role := r.released;
		RETURN;
	END IF;
	SELECT * INTO u FROM queue WHERE name = q;
	IF u.policy = 'end' THEN
		PERFORM expire(q, s);
	END IF;
	t := clock_timestamp();
	-- Nothing but the seat changes, if it has what it wants.
	IF NOT (r.granted = have AND wanted = have AND r.waits IS NULL AND
			u.used <= u.capacity AND u.origin = origin() AND
			u.booted = pg_postmaster_start_time() AND
			heard <= r.seq AND r.until > t) THEN
		u := lock_queue(q);
		t := clock_timestamp();
	END IF;
	IF heard > r.seq THEN
		u := learn(u);
	END IF;
	IF u.policy = 'end' AND r.until <= t THEN
		PERFORM charge(q, s, 0);
		PERFORM end_permits(q, s);
		code := 'expired';
		RETURN;
	END IF;
	IF have > r.granted THEN
		-- This server has forgotten a grant.
		u := learn(u);
	END IF;
	-- While others wait for less than an even share, theirs is kept for
	-- them: against more than the own share, for all; else, for those that
	-- have waited longer.
	line := coalesce(r.waits, t);
	due := 0;
	ahead := 0;
	share := u.capacity;
	-- Mostly nobody waits, and then the other seats are not counted: a
	-- renewal costs the same, however many there are.
	IF EXISTS (SELECT FROM seat WHERE queue = q AND seat <> s AND
			until > t AND waits IS NOT NULL) THEN
		active := 1 + (SELECT count(*) FROM seat WHERE queue = q AND
			seat <> s AND until > t AND want > 0);
		share := greatest(1, u.capacity / active);
		SELECT coalesce(sum(n), 0),
			coalesce(sum(n) FILTER (WHERE w < line), 0)
		INTO due, ahead FROM (
			SELECT least(want, share) - granted, waits FROM seat
			WHERE queue = q AND seat <> s AND until > t AND
				waits IS NOT NULL AND granted < share) x(n, w);
	END IF;
	room := u.capacity - u.used + r.granted - have;
	IF u.learning_until > t OR u.closed THEN
		room := 0;
	END IF;
	granted := have + greatest(0, least(wanted - have,
		greatest(least(room - ahead, share - have), room - due)));
	-- A host that has more than its share gives it back. Where there are more seats
	-- than slots, all is given back, so that it goes round.
	IF granted <= have AND due > 0 AND
			u.capacity - u.used + r.granted - granted < due THEN
		recall := greatest(0, granted - CASE
			WHEN active > u.capacity THEN 0 ELSE share END);
	END IF;
	-- Beyond the bound, whatever ends first makes room, and is not followed
	-- by another, here or elsewhere, until all fits.
	recall := greatest(recall, least(granted,
		u.used - r.granted + granted - u.capacity));
	IF granted <> r.granted THEN
		PERFORM charge(q, s, granted);
	END IF;
	UPDATE seat SET seq = n, want = wanted,
		until = t + u.lease_ms * interval '1 ms', seen = t,
		-- One that has been served goes to the end of the line.
		waits = CASE WHEN wanted <= granted THEN NULL
			WHEN granted > have THEN t ELSE line END
	WHERE queue = q AND seat = s;
	PERFORM book(q, s, report);
	lease_ms := u.lease_ms;
	policy := u.policy;
	learning := u.learning_until > t;
	closed := u.closed;
	permits := u.endings > 0;
	wait_ms := least(u.lease_ms / 3, CASE
		WHEN wanted <= granted AND recall = 0 THEN u.lease_ms / 3
		WHEN learning OR closed THEN 1000
		ELSE least(1000, 100 + 50 * ahead) END);
	code := 'ok';
END $$;

