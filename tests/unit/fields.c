/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fields.c - the packed fields: every part comes back, is where other
 * processes expect it, and does not spill into its neighbour.
 */
#include <config.h>

#include "fields.h"

#include "../kit/tap.h"

#define MAX(bits) ((UINT64_C(1) << (bits)) - 1)

static void is_field(uint64_t got, uint64_t want, const char *name)
{
	if (!ok(got == want, "%s", name))
		note("  got %#jx, expected %#jx", (uintmax_t)got,
		     (uintmax_t)want);
}

static void test_saturate(void)
{
	is_field(pq_saturate(254, 8), 254, "what fits stays");
	is_field(pq_saturate(255, 8), 255, "the largest too");
	is_field(pq_saturate(256, 8), 255, "what does not is the largest");
	is_field(pq_saturate(UINT64_MAX, 48), MAX(48),
		 "so is the largest of all");
}

static void test_tagged(void)
{
	static const unsigned widths[] = { PQ_PID_BITS, PQ_IDENT_BITS,
					   PQ_SEQ_BITS, PQ_ENTERED_BITS };
	int tags = 0, values = 0, wide = 0;

	ok(PQ_PID_BITS == 32 && PQ_IDENT_BITS == 44 && PQ_SEQ_BITS == 52 &&
	   PQ_ENTERED_BITS == 40, "the widths that other processes expect");
	is_field(pq_tagged(0x1234567890, 32, 0xcafe), 0x345678900000cafe,
		 "the low bits of the generation, then the value");
	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		unsigned bits = widths[i];
		uint64_t field = pq_tagged(PQ_GEN_MASK, bits, 5);

		tags += pq_tag(field, bits) != (PQ_GEN_MASK & MAX(64 - bits));
		values += pq_untag(field, bits) != 5;
		field = pq_tagged(0, bits, MAX(bits) + 1);
		wide += field != 0;
	}
	is_int(tags, 0, "the tag is as much of the generation as fits");
	is_int(values, 0, "the value comes back without it");
	is_int(wide, 0, "a value that is too large spills nowhere");
}

static void test_cell(void)
{
	uint64_t cell = pq_cell(0x7abcd, 0xfedcb, UINT64_C(0xf01234567));

	is_field(cell, (UINT64_C(0x7abcd) << 20 | 0xfedcb) << 25 | 0x1234567,
		 "a cell is lap:19 index:20 generation:25");
	is_field(pq_cell_lap(cell), 0x7abcd, "the lap");
	is_field(pq_cell_index(cell), 0xfedcb, "the index");
	is_field(pq_hint_gen(cell), 0x1234567, "the generation");
	is_field(pq_cell(UINT64_MAX, 0, 0), UINT64_C(0x7ffff) << 45,
		 "a lap too many begins anew, and spills nowhere");
}

static void test_counted(void)
{
	uint64_t counted = pq_counted(0xfedcba98, 0x76543210);

	is_field(counted, 0xfedcba9876543210, "counted is life:32 count:32");
	is_field(pq_counted_life(counted), 0xfedcba98, "the life");
	is_field(pq_counted_count(counted), 0x76543210, "the count");
	is_field(pq_counted(7, UINT32_MAX + pq_counted_count(1)),
		 UINT64_C(7) << 32, "one too many begins anew, in this life");
}

static void test_producer(void)
{
	uint64_t producer = pq_producer(0x123456789abc, PQ_F_KEEP | PQ_F_SURE);

	is_field(producer, 0x0009123456789abc,
		 "producer is flags:16 incarnation:48");
	is_field(pq_producer_incarnation(producer), 0x123456789abc,
		 "the incarnation");
	is_field(pq_producer_flags(producer), 9, "the flags");
	ok(PQ_F_KEEP == 1 && PQ_F_GROUP == 2 && PQ_F_START == 4 &&
	   PQ_F_SURE == 8,
	   "each flag has its bit");
	is_field(pq_producer(MAX(48) + 5, 0), 4,
		 "an incarnation that is too large is no flag");
}

static void test_member(void)
{
	uint64_t member = pq_member_id(PROCQ_ROLE_CONSUMER, 0xba9876543210);

	is_field(member,
		 (uint64_t)PROCQ_ROLE_CONSUMER << 48 | 0xba9876543210,
		 "member is role:16 incarnation:48");
	is_field(pq_member_role(member), PROCQ_ROLE_CONSUMER, "the role");
	is_field(pq_member_incarnation(member), 0xba9876543210,
		 "the incarnation");
	is_field(pq_member_id(0, MAX(48) + 5), 4,
		 "an incarnation that is too large is no role");
	ok(pq_member_id(PROCQ_ROLE_PRODUCER, 1) != 0, "nobody's is 0");
}

static void test_sent(void)
{
	uint64_t sent = pq_sent(15, true, 3, 0x123456789abc);

	is_field(sent, 0x0f83123456789abc,
		 "sent is signal:8 alone:1 step:7 at:48");
	is_int(pq_sent_signal(sent), 15, "the signal");
	ok(pq_sent_alone(sent) && !pq_sent_alone(pq_sent(255, false, 127,
							 MAX(48))),
	   "to it alone, or not");
	is_int(pq_sent_step(sent), 3, "the step");
	is_field(pq_sent_at(sent), 0x123456789abc, "when the first was sent");
	is_field(pq_sent(0, false, 0, MAX(48) + 1), MAX(48),
		 "a time that is too long is the longest");
	is_field(pq_sent(0x101, false, 0, 0), pq_sent(1, false, 0, 0),
		 "a signal that there is not spills nowhere");
	is_int(pq_sent_step(pq_sent(64, true, PQ_STEP_MAX, 0)), 127,
	       "the last step");
	is_field(pq_sent(1, false, PQ_STEP_MAX + 1, 9), pq_sent(1, false, 0, 9),
		 "the one after it does not spill into the others");
}

static void test_obit(void)
{
	uint64_t obit = pq_obit(PROCQ_CAUSE_CORE, 0xabd, 0x123456789abc);

	is_field(obit,
		 (uint64_t)PROCQ_CAUSE_CORE << 60 | 0x0abd123456789abc,
		 "obit is cause:4 code:12 lived:48");
	is_int(pq_obit_cause(obit), PROCQ_CAUSE_CORE, "the cause");
	is_int(pq_obit_code(obit), 0xabd, "the code");
	is_field(pq_obit_lived(obit), 0x123456789abc, "how long it lived");
	is_field(pq_obit(17, 0x2002, MAX(48) + 1), 0x1002ffffffffffff,
		 "what is too large spills nowhere, and a life is the longest");
}

static void test_intent(void)
{
	uint64_t intent = pq_intent(2, true, 0xfedcb, 0x9876543210);

	is_field(intent, 0xdfedcb9876543210,
		 "intent is set:1 kind:2 odd:1 slot:20 generation:40");
	is_int(pq_intent_kind(intent), 2, "the kind");
	is_int(pq_intent_kind(pq_intent(1, true, 0, 0)), 1, "each of them");
	ok(pq_intent_odd(intent) && !pq_intent_odd(pq_intent(3, false, MAX(20),
							     PQ_GEN_MASK)),
	   "odd, or even");
	is_field(pq_intent_slot(intent), 0xfedcb, "the slot");
	is_field(pq_intent_gen(intent), 0x9876543210, "the generation");
	is_field(pq_intent(0, false, 0, 0), UINT64_C(1) << 63,
		 "none is 0, which is no intent");
	is_field(pq_intent(8, false, 1 << 20, PQ_GEN_MASK + 1),
		 UINT64_C(1) << 63, "what is too large spills nowhere");
	is_int(pq_intent_slot(pq_intent(0, 0, PROCQ_CAPACITY_MAX - 1, 0)),
	       PROCQ_CAPACITY_MAX - 1, "the last slot fits");
}

static void test_gate(void)
{
	uint64_t gate = pq_gate(0x100000, 0x0abcde, true, 0x1fedcb);

	is_field(gate, (uint64_t)0x100000 << 43 | (uint64_t)0x0abcde << 22 |
		 (uint64_t)1 << 21 | 0x1fedcb,
		 "gate is limit:21 have:21 done:1 number:21");
	is_int(pq_gate_limit(gate), PROCQ_CAPACITY_MAX, "the largest limit");
	is_int(pq_gate_have(gate), 0x0abcde, "how many are not parked");
	ok(pq_gate_done(gate) && !pq_gate_done(pq_gate(0, MAX(21), false,
						       MAX(21))),
	   "done, or not");
	is_int(pq_gate_number(gate), 0x1fedcb, "the number");
	is_field(pq_gate(1u << 21, 1u << 21, false, 1u << 21), 0,
		 "what is too large spills nowhere");
}

static void test_lease(void)
{
	uint64_t lease = pq_lease(PROCQ_POLICY_END, 0xfedcba9876, 0x2abcde);

	is_field(lease, (uint64_t)2 << 62 | (uint64_t)0xfedcba9876 << 22 |
		 0x2abcde, "lease is policy:2 until:40 serial:22");
	is_int(pq_lease_policy(lease), PROCQ_POLICY_END, "the policy");
	is_field(pq_lease_until(lease), 0xfedcba9876, "until when");
	is_int(pq_lease_serial(lease), 0x2abcde, "the serial");
	is_field(pq_lease(4, UINT64_C(1) << 40, 1u << 22), 0,
		 "what is too large spills nowhere");
	ok(pq_until(-1) == 0 && pq_until(INT64_MIN) == 0 &&
		   pq_until(0) == 0 && pq_until((1 << 20) - 1) == 0 &&
		   pq_until(1 << 20) == 1 && pq_until((2 << 20) - 1) == 1,
	   "a time is rounded down, and never before 0");
	ok(pq_until(PROCQ_FOREVER) == PQ_UNTIL_NEVER &&
		   pq_until((INT64_C(1) << 60) - 1) == PQ_UNTIL_NEVER,
	   "and what is very late is never");
}

static void test_grant(void)
{
	uint64_t grant = pq_grant(0x0abcde, 0x71234567890);

	is_field(grant, (uint64_t)0x0abcdf << 43 | 0x71234567890,
		 "grant is slots:21 epoch:43, one more than the slots");
	is_int(pq_grant_slots(grant), 0x0abcde, "the slots");
	is_field(pq_grant_epoch(grant), 0x71234567890, "the epoch");
	ok(pq_grant_slots(pq_grant(0, 1)) == 0 &&
		   pq_grant_slots(0) == PROCQ_UNBOUNDED &&
		   pq_grant_slots(pq_grant(PROCQ_UNBOUNDED, 7)) ==
			   PROCQ_UNBOUNDED,
	   "none, and any number");
	is_int(pq_grant_slots(pq_grant(PROCQ_CAPACITY_MAX - 1, 0)),
	       PROCQ_CAPACITY_MAX - 1, "the largest that bounds anything");
	is_field(pq_grant_epoch(pq_grant(0, PROCQ_EPOCH_MAX + 1)), 0,
		 "an epoch that is too large spills nowhere");
}

static void test_change(void)
{
	uint64_t change = pq_change(PQ_CHANGE_UNPARK, 0xfedcb, 0x9876543210,
				    0x1abcde);

	is_field(change, (uint64_t)2 << 62 | (uint64_t)0xfedcb << 42 |
		 (uint64_t)(0x9876543210 & 0x1fffff) << 21 | 0x1abcde,
		 "change is kind:2 slot:20 gen:21 number:21");
	is_int(pq_change_kind(change), PQ_CHANGE_UNPARK, "the kind");
	is_int(pq_change_slot(change), 0xfedcb, "the slot");
	is_int(pq_change_gen(change), 0x143210, "the generation's low bits");
	is_int(pq_change_number(change), 0x1abcde, "the number");
	is_field(pq_change(PQ_CHANGE_NONE, 1u << 20, 0, 1u << 21), 0,
		 "what is too large spills nowhere");
}

static void test_permit(void)
{
	uint64_t bond = pq_permit_bond(0xfedcb, 0x9876543210);
	uint64_t claim = pq_permit_claim(MAX(48) + 6);

	is_field(bond, 0x8fedcb9876543210, "a bond is 1:4 slot:20 generation:40");
	is_field(pq_permit_slot(bond), 0xfedcb, "the slot");
	is_field(pq_permit_gen(bond), 0x9876543210, "the generation");
	is_field(claim, 0xc000000000000005, "a claim is 3:2 incarnation:48");
	is_field(pq_permit_claimant(claim), 5, "whose");
	ok(pq_permit_is_claim(claim) && !pq_permit_is_claim(bond) &&
	   !pq_permit_is_claim(pq_permit_bond(1 << 20, PQ_GEN_MASK + 1)) &&
	   !pq_permit_is_claim(0), "which of both");
	is_field(pq_permit_bond(1 << 20, PQ_GEN_MASK + 1), UINT64_C(1) << 63,
		 "what is too large spills nowhere");
}

int main(void)
{
	test_saturate();
	test_tagged();
	test_cell();
	test_counted();
	test_producer();
	test_member();
	test_sent();
	test_obit();
	test_intent();
	test_gate();
	test_lease();
	test_grant();
	test_change();
	test_permit();
	return done();
}
