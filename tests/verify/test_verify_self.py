#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the second verifier against stores that its own builder made: each row of the
table "Checking a session" in docs/FORMAT.md, and the rules on records, keys and heads.
No part of the C library is needed.
"""
import contextlib
import hashlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import holdfast_verify as hv  # noqa: E402

SESSION = '0195d3a0-1111-4222-8333-444455556666'
OTHER = '0195d3a0-1111-4222-8333-444455557777'
MESSAGES = [('message', '{"role":"user","content":"one"}', 'id-1'),
            ('todos', '[{"text":"caf\u00e9 \\u0041","done":false}]'),
            ('x-host', 'null'),
            ('message', '{"role":"assistant","content":"two"}'),
            ('message', '-1.5e+3')]
ZEROS = bytes(hv.SLOT_SIZE)


class StoreTest(unittest.TestCase):
    """A store with its keys, and a session of six records, as the base of each case."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.store = hv.make_store(os.path.join(cls.folder.name, 'store'))
        cls.log = hv.make_log(cls.store, SESSION, MESSAGES)
        cls.data = cls.log.data()
        cls.head = hv.make_head(cls.store, cls.log)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, log, head, keys=None):
        return hv.verify_bytes(SESSION, log, head, keys or self.store.keys)

    def expect(self, log, head, verdict, records, bad=None, keys=None, weak=False):
        """bad: the offset of the first record that does not check, None if all do."""
        self.assertEqual(self.check(log, head, keys), {
            'session': SESSION, 'verdict': verdict, 'records': records,
            'bad_record': None if bad is None else records, 'bad_offset': bad, 'weak': weak})

    def expect_intact(self, log, head, records=6):
        self.expect(log, head, 'intact', records)

    def head_at(self, records, **fields):
        return hv.make_head(self.store, self.log, records=records, **fields)

    def slots(self, first, second):
        """A head of two slots: a counter makes a slot that tells of as many records."""
        return b''.join(slot if isinstance(slot, bytes)
                        else hv.make_slot(self.store, self.log, slot, slot)
                        for slot in (first, second))


class IntactTest(StoreTest):
    def test_a_session_as_it_was_written_is_intact(self):
        for count in range(1, 7):
            with self.subTest(count=count):
                self.expect_intact(self.log.data(count), self.head_at(count), count)

    def test_records_past_the_end_are_intact(self):
        for count in range(1, 6):
            with self.subTest(count=count):
                self.expect_intact(self.data, self.head_at(count))

    def test_padding_at_the_end_is_no_damage(self):
        for size in (1, 2, 4096):
            self.expect_intact(self.data + b'\n' * size, self.head)
            self.expect_intact(self.data + b'\n' * size, self.head_at(3))

    def test_a_log_of_many_records_is_intact(self):
        log = hv.make_log(self.store, SESSION, [('message', str(n)) for n in range(300)])
        self.expect_intact(log.data(), hv.make_head(self.store, log), 301)


class TamperedTest(StoreTest):
    def test_each_changed_byte_is_tampering_at_its_record(self):
        starts = [self.log.offset(n) for n in range(7)]
        for padding in (b'', b'\n' * 64):
            for at in range(len(self.data)):
                for change in (0x01, 0x20, 0x80, self.data[at] ^ 0x0A):
                    if not change:
                        continue
                    raw = bytearray(self.data + padding)
                    raw[at] ^= change
                    check = self.check(bytes(raw), self.head)
                    n = max(n for n in range(6) if starts[n] <= at)
                    self.assertEqual(('tampered', n, n, starts[n]), (
                        check['verdict'], check['records'], check['bad_record'],
                        check['bad_offset']), f'byte {at} xor {change}')

    def test_a_removed_a_doubled_and_a_swapped_record_are_tampering(self):
        lines = [line + b'\n' for line in self.log.lines]
        end = self.log.offset(2)
        removed = lines[:2] + lines[3:] + [b'\n' * len(lines[2])]
        self.expect(b''.join(removed), self.head, 'tampered', 2, end)
        self.expect(b''.join(lines[:2] + lines[1:]), self.head, 'tampered', 2, end)
        swapped = lines[:2] + [lines[3], lines[2]] + lines[4:]
        self.expect(b''.join(swapped), self.head, 'tampered', 2, end)

    def test_padding_before_the_end_is_tampering(self):
        at = self.log.offset(4)
        raw = self.data[:at] + b'\n' + self.data[at:]
        self.expect(raw, self.head, 'tampered', 4, at)

    def test_a_head_with_another_count_mac_or_offset_is_tampering_at_the_last_record(self):
        last = self.log.offset(5)
        for fields in ({'records': 5, 'offset': self.log.offset(6), 'mac': self.log.macs[5]},
                       {'records': 7, 'offset': self.log.offset(6), 'mac': self.log.macs[5]},
                       {'mac': self.log.macs[4]}, {'mac': bytes(32)},
                       {'offset': self.log.offset(6) - 1}):
            with self.subTest(fields=fields):
                slot = hv.make_slot(self.store, self.log, 6, **fields)
                self.expect(self.data, self.slots(slot, 5), 'tampered', 5, last)

    def test_a_head_of_no_records_is_tampering_at_record_0(self):
        slot = hv.make_slot(self.store, self.log, 6, 0)
        self.expect(self.data, self.slots(slot, 5), 'tampered', 0, 0)

    def test_a_session_under_another_name_is_tampering(self):
        other = hv.make_log(self.store, OTHER, MESSAGES)
        for head in (hv.make_head(self.store, other), self.head, None):
            self.expect(other.data(), head, 'tampered', 0, 0)

    def test_a_log_signed_for_another_store_is_tampering(self):
        other = hv.make_store(os.path.join(self.folder.name, 'other'),
                              store_id='5a7e0000-0000-4000-8000-000000000002')
        log = hv.make_log(other, SESSION, MESSAGES)
        self.expect(log.data(), hv.make_head(other, log), 'tampered', 0, 0)
        self.expect(log.data(), None, 'tampered', 0, 0)


class TruncatedTest(StoreTest):
    def test_a_log_cut_anywhere_is_truncated_at_the_first_missing_record(self):
        for at in range(len(self.data)):
            count = max(n for n in range(6) if self.log.offset(n) <= at)
            with self.subTest(at=at):
                self.expect(self.data[:at], self.head, 'truncated', count, self.log.offset(count))

    def test_a_log_cut_between_records_and_padded_is_truncated(self):
        for count in range(6):
            raw = self.log.data(count).ljust(len(self.data) + 100, b'\n')
            self.expect(raw, self.head, 'truncated', count, self.log.offset(count))

    def test_a_shorter_log_with_a_bad_line_is_tampered(self):
        raw = bytearray(self.log.data(4))
        raw[self.log.offset(2) + 10] ^= 1
        self.expect(bytes(raw), self.head, 'tampered', 2, self.log.offset(2))

    def test_a_head_without_its_log_is_truncated(self):
        self.expect(None, self.head, 'truncated', 0, 0)
        self.expect(None, self.head_at(2), 'truncated', 0, 0)

    def test_a_log_that_is_empty_is_truncated(self):
        for head in (self.head, self.head_at(1)):
            self.expect(b'', head, 'truncated', 0, 0)

    def test_zero_bytes_in_place_of_the_last_records_are_truncation(self):
        for count in range(6):
            for fill in (b'\x00' * 2000, b'\x00' * 200 + b'\n' * 2000, b'\n\x00\n' * 700):
                self.expect(self.log.data(count) + fill, self.head, 'truncated', count,
                            self.log.offset(count))

    def test_anything_else_in_place_of_the_last_records_is_tampering(self):
        for count in range(6):
            raw = self.log.data(count) + b'\x00' * 1000 + b'x' + b'\x00' * 1000
            self.expect(raw, self.head, 'tampered', count, self.log.offset(count))
            raw = self.log.data(count) + b'x\n'
            self.expect(raw, self.head, 'tampered', count, self.log.offset(count))

    def test_a_repair_that_the_head_does_not_know_is_truncation(self):
        for count in range(1, 6):
            end = self.log.offset(count)
            for kind, record_id, size in (('repair', None, 0), ('repair', 'id', 0),
                                          ('repair', None, 5000), ('x-repair', None, 0)):
                log = hv.make_log(self.store, SESSION, MESSAGES[:count - 1]
                                  + [(kind, f'"{"r" * size}"', record_id), ('message', '1')])
                line = log.offset(count + 1)
                rest = log.data()[end:line - 1]
                at_most = 2048 if kind == 'repair' else 0
                for past in (-1, 0, 1, 50, line - end - 1):
                    slot = hv.make_slot(self.store, self.log, 6, offset=line - past)
                    for raw in (log.data(count + 1), log.data(), log.data(count + 1) + b'stump'):
                        if past >= 0:
                            verdict = 'truncated' if line - end <= at_most else 'tampered'
                            self.expect(raw, slot, verdict, count, end)
                    # The repair is whole, and less than the head knows is there.
                    if past < 0:
                        self.expect(log.data(count + 1), slot, 'truncated', count + 1, line)
                    else:
                        self.expect(self.log.data(count) + rest[:-1] + b'#\n', slot, 'tampered',
                                    count, end)
        log = hv.make_log(self.store, SESSION, bodies=[
            hv.make_body(0, 'session', hv.make_first_data(self.store, SESSION)),
            hv.make_body(2, 'repair', '{}')])
        slot = hv.make_slot(self.store, self.log, 6, offset=log.offset())
        self.expect(log.data(), slot, 'tampered', 1, log.offset(1))

    def test_a_head_of_no_records_finds_an_empty_log_truncated(self):
        slot = hv.make_slot(self.store, self.log, 6, 0)
        self.expect(b'', slot, 'truncated', 0, 0)


class TailTest(StoreTest):
    """What stands past the end."""

    def tails(self):
        stump = hv.make_log(self.store, SESSION, MESSAGES + [('message', '"three"')]).lines[6]
        for size in range(1, len(stump) + 1):
            yield stump[:size]
        yield stump[:20] + b'\n' * 64
        yield stump[:20] + b'\x00' * 64
        yield b'\x00'
        yield b'\x00' * 5000
        yield b'\x00' * 100 + b'\n' * 100
        yield b'garbage'
        yield b'garbage\n'
        yield b'garbage\nmore garbage\n\n'
        yield b'\n\n\ngarbage'
        yield b'\xff\xfe' * 2000
        yield self.log.lines[5] + b'\n'

    def test_torn_tails_are_torn_at_the_record_that_would_stand_there(self):
        for tail in self.tails():
            for records in (6, 3):
                with self.subTest(tail=tail[:40], size=len(tail), records=records):
                    self.expect(self.data + tail, self.head_at(records), 'torn', 6,
                                len(self.data))

    def test_each_changed_byte_in_the_only_record_past_the_end_is_torn(self):
        start = self.log.offset(5)
        for at in range(start, len(self.data)):
            raw = bytearray(self.data)
            raw[at] ^= 1
            self.expect(bytes(raw), self.head_at(5), 'torn', 5, start)

    def test_damage_before_valid_records_is_a_gap(self):
        # The bad line's own MAC text still leads on to the next line.
        for n in (2, 3, 4):
            raw = bytearray(self.data)
            raw[self.log.offset(n) + 30] ^= 1
            self.expect(bytes(raw), self.head_at(2), 'gap', n, self.log.offset(n))

    def test_damage_to_a_mac_is_a_gap_by_the_record_behind_it(self):
        raw = bytearray(self.data)
        raw[self.log.offset(4) - 10] ^= 1
        self.expect(bytes(raw), self.head_at(2), 'gap', 3, self.log.offset(3))

    def batch(self, *batches):
        return hv.make_log(self.store, SESSION, MESSAGES, batches=batches)

    def test_what_is_left_of_one_batch_is_torn(self):
        log = self.batch(range(2, 6))
        for n in (2, 3, 4, 5):
            for at in (log.offset(n) + 70, log.offset(n + 1) - 10):
                raw = bytearray(log.data())
                raw[at] ^= 1
                self.expect(bytes(raw), self.head_at(2), 'torn', n, log.offset(n))
                self.expect(bytes(raw), None, 'head-missing', n, log.offset(n))

    def test_damage_before_a_later_batch_is_a_gap(self):
        log = self.batch(range(2, 4), range(4, 6))
        raw = bytearray(log.data())
        raw[log.offset(2) + 70] ^= 1
        self.expect(bytes(raw), self.head_at(2), 'gap', 2, log.offset(2))
        raw = bytearray(log.data())
        raw[log.offset(4) - 10] ^= 1
        # Record 5 follows record 4, and both are of the batch behind the damage.
        self.expect(bytes(raw), self.head_at(2), 'torn', 3, log.offset(3))

    def test_a_line_without_the_shape_of_a_record_has_no_time(self):
        log = self.batch(range(2, 6))
        start = log.offset(2)
        for old in (b'"n":2', b'"at"', b'"type"', b'todos', b'"data"'):
            at = log.data().index(old, start)
            raw = bytearray(log.data())
            raw[at] = 0
            self.assertLess(at, log.offset(3))
            self.expect(bytes(raw), self.head_at(2), 'gap', 2, start)

    def test_a_copy_of_the_next_record_is_a_gap_even_in_a_batch(self):
        log = self.batch(range(2, 6))
        start = log.offset(3)
        raw = log.data()[:start] + b'garbage\n' + log.data()[start:]
        self.expect(raw, self.head_at(2), 'gap', 3, start)

    def test_garbage_or_padding_before_the_next_record_is_a_gap(self):
        start = self.log.offset(4)
        for middle in (b'garbage\n', b'\n', b'\n' * 500, b'\x00' * 50 + b'\n'):
            raw = self.data[:start] + middle + self.data[start:]
            self.expect(raw, self.head_at(4), 'gap', 4, start)
            raw = self.log.data(5)[:start] + middle + self.log.lines[4] + b'\n'
            self.expect(raw, self.head_at(3), 'gap', 4, start)

    def test_replayed_records_past_the_end_are_a_gap(self):
        self.expect(self.data + self.data, self.head, 'gap', 6, len(self.data))

    def test_a_record_that_lost_its_line_feed_is_no_valid_record(self):
        start = self.log.offset(4)
        raw = self.data[:start] + b'stump\n' + self.log.lines[4]
        self.expect(raw, self.head_at(4), 'torn', 4, start)


class GenerationTest(StoreTest):
    def newer(self, generation=1, previous=None, count=4, written=None, **fields):
        previous = previous or self.log.previous()
        return hv.make_log(self.store, SESSION, MESSAGES[:count - 1], generation=generation,
                           previous=previous, records=written or count, **fields)

    def test_a_newer_generation_that_names_the_heads_state_is_intact(self):
        log = self.newer()
        self.expect_intact(log.data(), self.head, 4)
        self.expect_intact(log.data() + b'\n' * 99, self.head, 4)
        self.expect_intact(self.newer(written=2).data(), self.head, 4)
        self.expect_intact(self.newer(generation=7).data(), self.head, 4)

    def test_a_generation_with_its_own_head_is_intact(self):
        log = self.newer()
        head = hv.make_head(self.store, log, counter=7)
        self.expect_intact(log.data(), head, 4)
        slot = hv.make_slot(self.store, log, 7)
        self.expect_intact(log.data(), self.head[:4096] + slot, 4)

    def test_a_damaged_slot_is_ordinary_after_a_new_generation(self):
        self.expect_intact(self.newer().data(), self.slots(6, os.urandom(4096)), 4)

    def test_a_newer_generation_that_names_another_state_is_rolled_back(self):
        state = self.log.previous()
        for previous in (self.log.previous(5), state.replace('"records":6', '"records":7'),
                         state.replace('"generation":0', '"generation":2')):
            log = self.newer(previous=previous)
            self.expect(log.data(), self.head, 'rolled-back', 4)

    def test_a_newer_generation_with_too_few_records_is_truncated(self):
        log = self.newer()
        for count in range(1, 4):
            self.expect(log.data(count), self.head, 'truncated', count, log.offset(count))
            self.expect(log.data(count) + b'{"n":', self.head, 'truncated', count,
                        log.offset(count))

    def test_a_bad_record_among_those_of_a_newer_generation_is_tampering(self):
        log = self.newer()
        raw = bytearray(log.data())
        raw[log.offset(2) + 30] ^= 1
        for head in (self.head, None):
            self.expect(bytes(raw), head, 'tampered', 2, log.offset(2))
            self.expect(log.data(2) + log.data()[log.offset(3):], head, 'tampered', 2,
                        log.offset(2))
            self.expect(log.data(2) + b'\n' + log.data(), head, 'tampered', 2, log.offset(2))

    def test_zero_bytes_among_those_of_a_newer_generation_are_truncation(self):
        log = self.newer()
        for fill in (b'', b'\n\n', b'\x00' * 99, b'\x00\n\x00', b'{"n":'):
            for head in (self.head, None):
                self.expect(log.data(2) + fill, head, 'truncated', 2, log.offset(2))

    def test_too_few_records_of_a_generation_rolled_back_do_not_weigh_more(self):
        log = self.newer(previous=self.log.previous(5))
        self.expect(log.data(2), self.head, 'rolled-back', 2)
        self.expect(log.data(2) + b'stump', self.head, 'rolled-back', 2, log.offset(2))

    def test_what_follows_a_newer_generation_is_judged_as_past_the_end(self):
        log = self.newer(written=2)
        self.expect(log.data() + b'stump', self.head, 'torn', 4, log.offset())
        raw = bytearray(log.data())
        raw[log.offset(2) + 30] ^= 1
        self.expect(bytes(raw), self.head, 'gap', 2, log.offset(2))

    def test_each_changed_byte_in_record_0_of_a_newer_generation_is_tampering(self):
        log = self.newer()
        for at in range(log.offset(1)):
            raw = bytearray(log.data())
            raw[at] ^= 1
            check = self.check(bytes(raw), self.head)
            self.assertEqual((check['verdict'], check['records']), ('tampered', 0), f'byte {at}')

    def test_an_older_generation_is_rolled_back(self):
        log = self.newer()
        head = hv.make_head(self.store, log, counter=9)
        self.expect(self.data, head, 'rolled-back', 6)
        self.expect(self.data + b'stump', head, 'rolled-back', 6, len(self.data))

    def test_an_older_generation_that_names_the_heads_state_is_rolled_back(self):
        head_log = self.newer(generation=5)
        log = self.newer(generation=3, previous=head_log.previous())
        head = hv.make_head(self.store, head_log, counter=9)
        self.expect(log.data(), head, 'rolled-back', 4)

    def test_a_generation_cut_below_its_first_records_is_truncated_without_a_head(self):
        log = self.newer()
        self.expect(log.data(2), None, 'truncated', 2, log.offset(2))

    def test_previous_and_records_fit_the_generation(self):
        state = self.log.previous()
        last = state[-3:-2]
        other_spelling = state[:-3] + chr(ord(last) + 1) + state[-2:]
        for members in ({'generation': 1}, {'generation': 1, 'previous': state, 'records': 0},
                        {'generation': 1, 'previous': '{}'},
                        {'generation': 1, 'previous': other_spelling},
                        {'generation': 1, 'previous': state.replace('6', '06', 1)},
                        {'records': 2}, {'records': 0}, {'previous': state}):
            with self.subTest(members=members):
                log = hv.make_log(self.store, SESSION, MESSAGES, **members)
                self.expect(log.data(), hv.make_head(self.store, log), 'tampered', 0, 0)


class HeadTest(StoreTest):
    def test_a_log_without_a_head_says_head_missing(self):
        for head in (None, b'', b'\x00' * 8192, os.urandom(8192), self.head[:100]):
            self.expect(self.data, head, 'head-missing', 6)
            self.expect(self.data + b'\n' * 9, head, 'head-missing', 6)

    def test_a_log_without_a_head_is_judged_as_past_the_end(self):
        self.expect(self.data + b'stump', None, 'head-missing', 6, len(self.data))
        raw = bytearray(self.data)
        raw[self.log.offset(2) + 30] ^= 1
        self.expect(bytes(raw), None, 'gap', 2, self.log.offset(2))

    def test_record_0_that_does_not_check_is_tampering_without_a_head(self):
        size = self.log.offset(1)
        for at in range(size):
            raw = bytearray(self.data)
            raw[at] ^= 1
            check = self.check(bytes(raw), None)
            changed_key = b'"key":"' in raw[:at]
            self.assertIn(check['verdict'], ('tampered', 'key-missing') if changed_key
                          else ('tampered',))
        for raw in (b'', b'\n', b'\n' * 100, self.data[:size - 1], b'garbage\n' + self.data):
            self.expect(raw, None, 'tampered', 0, 0)

    def test_each_changed_byte_of_a_slot_leaves_the_other(self):
        newer, older = hv.make_slot(self.store, self.log, 6), 5
        for at in range(hv.SLOT_SIZE):
            raw = bytearray(newer)
            raw[at] ^= 1
            head = self.slots(bytes(raw), older)
            self.expect_intact(self.data, head)
            self.expect_intact(self.log.data(5), head, 5)
            if at % 9 == 0:
                self.expect(self.log.data(4), head, 'truncated', 4, self.log.offset(4))

    def test_a_damaged_slot_beside_the_head_says_nothing(self):
        for other in (ZEROS, os.urandom(4096), b'x'):
            self.expect_intact(self.data, self.slots(6, other))
            self.expect(self.log.data(5), self.slots(6, other), 'truncated', 5,
                        self.log.offset(5))
            self.expect(self.data + b'stump', self.slots(6, other), 'torn', 6, len(self.data))

    def test_what_is_missing_of_a_short_head_counts_as_zero_bytes(self):
        slot = hv.make_slot(self.store, self.log, 6)
        size = hv.SLOT.size + hv.MAC_SIZE
        for size, valid in ((size, True), (size - 1, False), (4095, True), (4096, True)):
            head = slot[:size]
            if valid:
                self.expect_intact(self.data, head)
                self.expect(self.log.data(5), head, 'truncated', 5, self.log.offset(5))
            else:
                self.expect(self.data, head, 'head-missing', 6)

    def test_what_a_long_head_has_more_is_ignored(self):
        self.expect_intact(self.data, self.head + b'more' * 5000)

    def test_numbers_above_the_largest_are_refused(self):
        top = (1 << 63) - 1
        self.expect_intact(self.data, self.slots(hv.make_slot(self.store, self.log, top - 1, 6), 5))
        for field, at in (('counter', 8), ('generation', 32), ('records', 40), ('offset', 48),
                          ('messages', 128)):
            slot = hv.make_slot(self.store, self.log, 6)[:hv.SLOT.size]
            for value, valid in ((top, True), (top + 1, False)):
                value -= value % 2 if field == 'counter' else 0
                raw = slot[:at] + value.to_bytes(8, 'big') + slot[at + 8:]
                key = self.store.keys.head_key(self.log.key_id, hv.uuid.UUID(SESSION).bytes)
                raw = (raw + hv.hmac256(key, raw)).ljust(hv.SLOT_SIZE, b'\x00')
                with self.subTest(field, value=value):
                    check = self.check(self.data, raw)
                    self.assertEqual(check['verdict'] != 'head-missing', valid)

    def test_slots_that_break_a_rule_are_not_valid(self):
        def slot(counter=6, log=self.log, **fields):
            return hv.make_slot(self.store, log, counter, **fields)
        long_name = slot(texts=(b'n' * 257, b'', b'', b''))
        other = hv.make_log(self.store, OTHER, MESSAGES)
        bad = {'at the wrong place': slot(7), 'counter 0': slot(0),
               'of another session': slot(log=other),
               'naming another session': slot(session=OTHER),
               'name too long': long_name,
               'project too long': slot(texts=(b'', b'p' * 3073, b'', b'')),
               'first words too long': slot(texts=(b'', b'', b'w' * 161, b'')),
               'tags too long': slot(texts=(b'', b'', b'', b't' * 257)),
               'another magic': slot(magic=b'hfhead2\n'),
               'not zero behind': slot()[:-1] + b'\x01',
               'sizes that lie': slot(sizes=(1, 0, 0, 0)),
               'a size of the tags that lies': slot(sizes=(0, 0, 0, 1)),
               'sizes past the slot': slot(sizes=(0xFFFFFFFF, 0, 0, 0)),
               'tags past the slot': slot(sizes=(0, 0, 0, 0xFFFFFFFF))}
        for name, raw in bad.items():
            with self.subTest(name):
                self.expect(self.data, raw + ZEROS, 'head-missing', 6)
        for sizes in ((256, 3072, 160, 256), (0, 0, 0, 0), (1, 2, 3, 4)):
            raw = slot(texts=[b't' * size for size in sizes])
            self.expect_intact(self.data, self.slots(raw, 5))

    def test_no_former_path_and_no_tag_makes_a_slot_invalid(self):
        for fields in ({'former': b'\xff' * 64}, {'former': bytes(8) + b'\x01' * 56},
                       {'former': b'\x01' * 64}, {'texts': (b'', b'', b'', b', ,  \x00\xff')}):
            raw = hv.make_slot(self.store, self.log, 6, **fields)
            self.expect_intact(self.data, self.slots(raw, 5))

    def test_the_valid_slot_with_the_larger_counter_counts(self):
        self.expect(self.log.data(4), self.slots(6, 3), 'truncated', 4, self.log.offset(4))
        self.expect_intact(self.log.data(4), self.slots(4, 3), 4)
        self.expect_intact(self.log.data(3), self.slots(2, 3), 3)
        large = hv.make_slot(self.store, self.log, (1 << 63) - 1, 6)
        self.expect_intact(self.data, self.slots(4, large))

    def test_a_head_of_one_record_without_a_log_is_no_session(self):
        for head in (self.head_at(1), hv.make_slot(self.store, self.log, 2, 0), None):
            with self.assertRaises(hv.NoSession):
                self.check(None, head)

    def test_a_head_of_one_record_of_a_later_generation_without_a_log_is_truncated(self):
        log = hv.make_log(self.store, SESSION, generation=1, previous=self.log.previous())
        self.expect(None, hv.make_head(self.store, log), 'truncated', 0, 0)

    def test_no_log_and_no_valid_slot_is_truncated(self):
        for head in (b'', ZEROS, os.urandom(8192), hv.MAGIC[:7]):
            self.expect(None, head, 'truncated', 0, 0)

    def test_no_log_and_a_slot_of_an_unknown_key_is_key_missing(self):
        for head in (hv.MAGIC, ZEROS + hv.MAGIC + b'x' * 999):
            self.expect(None, head, 'key-missing', 0)

    def test_a_head_that_says_deleted_is_no_session(self):
        for log in (self.data, self.data[:100], None):
            with self.assertRaises(hv.NoSession):
                self.check(log, self.head_at(6, flags=hv.DELETED))
            with self.assertRaises(hv.NoSession):
                self.check(log, self.head_at(6, flags=hv.DELETED | hv.SEALED))

    def test_only_the_newest_slot_says_deleted(self):
        deleted = hv.make_slot(self.store, self.log, 5, 5, flags=hv.DELETED)
        self.expect_intact(self.data, self.slots(6, deleted))

    def test_other_flags_change_nothing(self):
        for flags in (hv.SEALED, hv.UNSIGNED, hv.SEALED | hv.UNSIGNED, hv.PINNED):
            self.expect_intact(self.data, self.head_at(6, flags=flags))


class KeyTest(StoreTest):
    def weak_log(self, **members):
        return hv.make_log(self.store, SESSION, MESSAGES, key_id=self.store.keys.weak_id, **members)

    def test_a_session_of_a_key_that_is_gone_says_key_missing(self):
        keys = hv.Keys(self.store.store_id)
        for head in (self.head, None, ZEROS * 2):
            for log in (self.data, self.data[:-20], self.data + b'stump', b'x' + self.data):
                if log.startswith(b'x'):
                    self.expect(log, head, 'tampered', 0, 0, keys=keys)
                    continue
                self.expect(log, head, 'key-missing', 0, keys=keys)
        self.expect(None, self.head, 'key-missing', 0, keys=keys)

    def test_a_generation_of_an_unknown_key_under_a_head_is_tampering(self):
        secret = (b'\x07' * 32, b'host', hv.ROUNDS_MIN)
        other = self.store._replace(keys=hv.Keys(self.store.store_id, secret))
        log = hv.make_log(other, SESSION, generation=1, previous=self.log.previous())
        self.expect(log.data(), self.head, 'tampered', 0, 0)
        self.expect(log.data(), None, 'key-missing', 0)
        # Not even its first line is there: nothing speaks against the head.
        self.expect(log.data(1)[:-1], self.head, 'truncated', 0, 0)

    def test_a_session_of_the_weak_key_says_weak_key(self):
        log = self.weak_log()
        self.expect(log.data(), hv.make_head(self.store, log), 'weak-key', 6, weak=True)
        keys = hv.Keys(self.store.store_id)
        self.expect(log.data(), hv.make_head(self.store, log), 'weak-key', 6, keys=keys, weak=True)

    def test_graver_verdicts_outweigh_the_weak_key(self):
        log = self.weak_log()
        head = hv.make_head(self.store, log)
        self.expect(log.data() + b'stump', head, 'torn', 6, log.offset(), weak=True)
        self.expect(log.data(4), head, 'truncated', 4, log.offset(4), weak=True)
        self.expect(log.data(), None, 'head-missing', 6, weak=True)
        self.expect(None, head, 'truncated', 0, 0, weak=True)
        raw = bytearray(log.data())
        raw[100] ^= 1
        self.expect(bytes(raw), head, 'tampered', 0, 0, weak=True)

    def test_a_weak_log_under_a_head_of_the_secret_is_tampering(self):
        self.expect(self.weak_log().data(), self.head, 'tampered', 0, 0)
        log = self.weak_log(generation=1, previous=self.log.previous())
        self.expect(log.data(), self.head, 'tampered', 0, 0)
        newer = hv.make_log(self.store, SESSION, generation=1, previous=self.log.previous())
        self.expect(self.weak_log().data(), hv.make_head(self.store, newer), 'tampered', 0, 0)

    def test_a_weak_slot_never_counts_beside_a_strong_one(self):
        weak = self.weak_log()
        for flags in (0, hv.DELETED):
            slot = hv.make_slot(self.store, weak, 7, 6, flags=flags)
            self.expect_intact(self.data, self.slots(6, slot))
            self.expect(weak.data(), self.slots(6, slot), 'tampered', 0, 0)
        slot = hv.make_slot(self.store, weak, 7, 6)
        self.expect(weak.data(), ZEROS + slot, 'weak-key', 6, weak=True)

    def test_a_session_may_go_from_the_weak_key_to_the_secret(self):
        weak = self.weak_log()
        log = hv.make_log(self.store, SESSION, generation=1, previous=weak.previous())
        self.expect_intact(log.data(), hv.make_head(self.store, weak), 1)

    def test_an_origin_that_says_unsigned_says_unsigned(self):
        cases = {'{"unsigned":true}': 'unsigned', '{"a":{},"unsigned":true,"b":[]}': 'unsigned',
                 '{"unsigned":false}': 'intact', '{"unsigned":1}': 'intact', '{}': 'intact',
                 '{"inner":{"unsigned":true}}': 'intact', '{"note":"unsigned\\":true"}': 'intact',
                 '{"\\u0075nsigned":true}': 'unsigned'}
        for origin, verdict in cases.items():
            with self.subTest(origin):
                log = hv.make_log(self.store, SESSION, MESSAGES, origin=origin)
                self.expect(log.data(), hv.make_head(self.store, log), verdict, 6)

    def test_weak_key_outweighs_unsigned(self):
        log = self.weak_log(origin='{"unsigned":true}')
        self.expect(log.data(), hv.make_head(self.store, log), 'weak-key', 6, weak=True)

    def test_hkdf_agrees_with_rfc_5869(self):
        # Test case 3: empty salt and info.
        okm = hv.hkdf(hv.hkdf_extract(b'\x0b' * 22), b'')
        self.assertEqual(okm.hex(),
                         '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d')

    def test_key_ids_have_their_shape(self):
        self.assertRegex(self.store.keys.strong_id, rb'\A[0-9a-f]{16}\Z')
        self.assertRegex(self.store.keys.weak_id, rb'\Aweak[0-9a-f]{12}\Z')


class ForeignKeyTest(StoreTest):
    """Keys of other stores: where they lie, and which of them counts for what."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = folder.name
        self.store = hv.make_store(os.path.join(folder.name, 'store'))
        self.other = self.make_other(2, b'\x07')
        self.log = hv.make_log(self.other, SESSION, MESSAGES)
        self.data, self.head = self.log.data(), hv.make_head(self.other, self.log)

    def make_other(self, number, secret):
        return hv.make_store(os.path.join(self.path, f'other-{number}'), secret * 32,
                             store_id=f'5a7e0000-0000-4000-8000-{number:012}')

    def name_of(self, other):
        return f'{other.store_id}.{other.keys.strong_id.decode()}'

    def give(self, other, name=None, raw=None):
        self.store = hv.put_foreign_key(self.store, other, name, raw)

    def test_a_session_of_another_store_is_key_missing_until_its_key_is_here(self):
        for log, head in ((self.data, self.head), (self.data, None), (None, self.head)):
            self.expect(log, head, 'key-missing', 0)
        self.give(self.other)
        self.expect_intact(self.data, self.head)
        self.expect(self.data, None, 'head-missing', 6)
        self.expect(None, self.head, 'truncated', 0, 0)
        self.expect(self.data[:-5], self.head, 'truncated', 5, self.log.offset(5))
        self.expect(self.data + b'x', self.head, 'torn', 6, self.log.offset())

    def test_a_name_that_is_not_quite_one_is_passed_over(self):
        name = self.name_of(self.other)
        for wrong in (name.replace('.', '-'), name.upper(), name + '0', name[:-1], 'x' + name,
                      self.other.store_id, 'weak' + name[4:], name[:37] + 'weak' + name[41:]):
            self.give(self.other, wrong)
            self.expect(self.data, self.head, 'key-missing', 0)

    def test_a_file_that_is_no_key_file_is_no_key(self):
        good = pathlib.Path(self.other.path, 'keys', 'machine_secret').read_bytes()
        for raw in (b'', good[:-1], good + b'\n', good.replace(b'host', b'tsoh', 1),
                    hv.make_key_file(b'\x09' * 32)):
            self.give(self.other, raw=raw)
            self.expect(self.data, self.head, 'key-missing', 0)
        folder = pathlib.Path(self.store.path, 'keys', 'foreign')
        file = folder / self.name_of(self.other) / 'machine_secret'
        for make in (file.unlink, file.mkdir, lambda: (file.rmdir(), file.parent.rmdir()),
                     lambda: file.parent.write_bytes(good)):
            make()
            self.assertEqual(hv.verify_bytes(SESSION, self.data, self.head, hv.Keys.read(
                self.store.path))['verdict'], 'key-missing')

    def test_a_key_has_the_id_that_is_derived_from_it(self):
        third = self.make_other(3, b'\x09')
        self.give(third, self.name_of(self.other))
        self.expect(self.data, self.head, 'key-missing', 0)
        self.expect(self.data, None, 'key-missing', 0)

    def test_a_key_that_is_known_for_another_store_only_proves_nothing(self):
        self.give(self.make_other(3, b'\x07'))  # the same secret
        self.expect(self.data, None, 'tampered', 0, 0)
        self.expect(self.data, self.head, 'tampered', 0, 0)
        self.expect(None, self.head, 'truncated', 0, 0)
        self.give(self.other)
        self.expect_intact(self.data, self.head)
        sibling = self.make_other(4, b'')
        sibling = hv.make_store(sibling.path, store_id=sibling.store_id)  # with our secret
        log = hv.make_log(sibling, SESSION, MESSAGES)
        self.expect(log.data(), hv.make_head(sibling, log), 'tampered', 0, 0)
        self.give(sibling)
        self.expect_intact(log.data(), hv.make_head(sibling, log))

    def test_an_earlier_secret_of_this_store_is_one_of_them(self):
        earlier = hv.make_store(os.path.join(self.path, 'earlier'), b'\x06' * 32)
        log = hv.make_log(earlier, SESSION, MESSAGES)
        head = hv.make_head(earlier, log)
        self.expect(log.data(), head, 'key-missing', 0)
        self.give(earlier)
        self.expect_intact(log.data(), head)
        # A new generation may be of another key of the same store.
        newer = hv.make_log(self.store, SESSION, generation=1, previous=log.previous())
        self.expect_intact(newer.data(), head, 1)

    def test_the_weak_key_of_another_store_is_never_here(self):
        self.give(self.other)
        weak = hv.make_log(self.other, SESSION, MESSAGES, key_id=self.other.keys.weak_id)
        self.expect(weak.data(), hv.make_head(self.other, weak), 'key-missing', 0, weak=True)
        self.expect(None, hv.make_head(self.other, weak), 'key-missing', 0)

    def test_a_newer_generation_is_of_the_store_of_the_head(self):
        self.give(self.other)
        ours = hv.make_log(self.store, SESSION, MESSAGES)
        head = hv.make_head(self.store, ours)
        for writer, log, one, verdict in (
                (self.other, self.log, self.head, 'intact'), (self.store, ours, head, 'intact'),
                (self.other, ours, head, 'tampered'), (self.store, self.log, self.head, 'tampered')):
            newer = hv.make_log(writer, SESSION, generation=1, previous=log.previous())
            if verdict == 'intact':
                self.expect_intact(newer.data(), one, 1)
            else:
                self.expect(newer.data(), one, verdict, 0, 0)
            self.expect(log.data(), hv.make_head(writer, newer),
                        'rolled-back' if verdict == 'intact' else verdict,
                        6 if verdict == 'intact' else 0, None if verdict == 'intact' else 0)

    def test_record_0_names_the_store_whose_key_has_signed_it(self):
        self.give(self.other)
        ours = hv.make_log(self.store, SESSION, MESSAGES)
        for writer, named in ((self.other, self.store), (self.store, self.other)):
            name = f'"{named.store_id}"'
            log = hv.make_log(writer, SESSION, MESSAGES, store=name)
            for head in (hv.make_head(writer, log), None):
                self.expect(log.data(), head, 'tampered', 0, 0)
        # Not even as the next generation of a session of the store that is named.
        newer = hv.make_log(self.other, SESSION, generation=1, previous=ours.previous(),
                            store=f'"{self.store.store_id}"')
        self.expect(newer.data(), hv.make_head(self.store, ours), 'tampered', 0, 0)

    def test_a_slot_is_of_the_store_whose_key_fits(self):
        self.give(self.other)
        ours = hv.make_log(self.store, SESSION, MESSAGES)
        theirs = hv.make_slot(self.other, self.log, 5, 5)
        both = theirs.join((hv.make_slot(self.store, ours, 6), b''))
        self.expect_intact(ours.data(), both)
        self.expect(self.data, both, 'tampered', 0, 0)

    def test_an_unsigned_import_of_another_store_stays_unsigned(self):
        self.give(self.other)
        log = hv.make_log(self.other, SESSION, MESSAGES, origin='{"unsigned":true}')
        self.expect(log.data(), hv.make_head(self.other, log), 'unsigned', 6)


class KeyFileTest(unittest.TestCase):
    def sign(self, before):
        return before + b'check ' + hv.b64encode(hashlib.sha256(before).digest()) + b'\n'

    def test_a_key_file_is_read(self):
        raw = hv.make_key_file(b'\x05' * 32, 'my-host.example', 100000)
        self.assertEqual(hv.parse_key_file(raw), (b'\x05' * 32, b'my-host.example', 100000))
        raw = hv.make_key_file(b'\x05' * 32, 'check')
        self.assertEqual(hv.parse_key_file(raw), (b'\x05' * 32, b'check', hv.ROUNDS_MIN))

    def test_each_changed_byte_and_each_cut_damages_a_key_file(self):
        raw = hv.make_key_file(b'\x05' * 32)
        for at in range(len(raw)):
            changed = bytearray(raw)
            changed[at] ^= 1
            self.assertIsNone(hv.parse_key_file(bytes(changed)))
            self.assertIsNone(hv.parse_key_file(raw[:at]))
        self.assertIsNone(hv.parse_key_file(raw + b'\n'))

    def test_key_files_out_of_range_are_damaged_even_with_a_right_check(self):
        raw = hv.make_key_file(b'\x05' * 32)
        before = raw[:raw.rindex(b'check ')]
        self.assertIsNotNone(hv.parse_key_file(self.sign(before)))
        for old, new in ((b'rounds 10000\n', b'rounds 9999\n'), (b'rounds 10000', b'rounds 010000'),
                         (b'rounds 10000\n', b'rounds 10000001\n'), (b'host host', b'host '),
                         (b'host host', b'host ' + b'h' * 256), (b'host host', b'host a b'),
                         (b'2026-11', b'2026-13'), (b'11-22', b'02-30'), (b'key 1', b'key 2'),
                         (b'made', b'Made'), (b'BQU\n', b'BQV\n'), (b'\n', b'\r\n')):
            with self.subTest(new=new):
                changed = before.replace(old, new)
                self.assertNotEqual(changed, before)
                self.assertIsNone(hv.parse_key_file(self.sign(changed)))


class RecordTest(StoreTest):
    """Lines whose MAC is right, and whose shape is right or wrong."""

    def expect_body(self, body, good):
        first = hv.make_body(0, 'session', hv.make_first_data(self.store, SESSION))
        log = hv.make_log(self.store, SESSION, bodies=[first, body])
        head = hv.make_head(self.store, log)
        with self.subTest(body=body[:80]):
            if good:
                self.expect_intact(log.data(), head, 2)
            else:
                self.expect(log.data(), head, 'tampered', 1, log.offset(1))
                self.expect(log.data(), hv.make_head(self.store, log, 1, 1), 'torn', 1,
                            log.offset(1))

    def test_the_members_of_a_record_have_one_shape(self):
        good = hv.make_body(1, 'message', '1')
        self.expect_body(good, True)
        for old, new in ((b'"n":1', b'"n":01'), (b'"n":1', b'"n":2'), (b'"n":1', b'"n":0'),
                         (b'"n":1', b'"n": 1'), (b'"n":1', b'"n":1.0'), (b'"n":1', b'"n":"1"'),
                         (b'{', b' {'), (b'"at"', b'"At"'), (b'.123456Z', b'.123Z'),
                         (b'Z"', b'z"'), (b'T23', b' 23'), (b'T23', b'T24'), (b'11-22', b'02-29'),
                         (b'11-22', b'11-31'), (b':54:13', b':54:60'), (b'2026-11', b'2026-00'),
                         (b'"type"', b'"id":"","type"'), (b'"type"', b'"id":"a b","type"'),
                         (b'"type"', b'"id":"a\\\\b","type"'),
                         (b'"type"', b'"id":"\xc3\xa9","type"'),
                         (b'"type"', b'"id":"a\x7f","type"'),
                         (b'"type"', b'"id":"' + b'i' * 129 + b'","type"'),
                         (b'message', b''), (b'message', b'Message'), (b'message', b'm_'),
                         (b'message', b'm' * 33), (b'message', b'session'),
                         (b'"n":1', b'"n":' + b'9' * 20), (b'"data":1', b'"data":'),
                         (b'"data":1', b'"Data":1')):
            self.assertIn(old, good)
            self.expect_body(good.replace(old, new, 1), False)
        for old, new in ((b'"type"', b'"id":"' + b'i' * 128 + b'","type"'),
                         (b'"type"', b'"id":"!#[]~","type"'), (b'message', b'm' * 32),
                         (b'message', b'-'), (b'message', b'unheard-of-7'),
                         (b'2026-11-22', b'2024-02-29'), (b'2026-11-22', b'1970-01-01')):
            self.expect_body(good.replace(old, new, 1), True)

    def test_a_mac_has_one_spelling(self):
        # The 43rd character has two unused bits, which must be zero.
        line = self.log.lines[0]
        letters = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        last = letters.index(line[-3:-2])
        self.assertEqual(last % 4, 0)
        for low in (1, 2, 3):
            raw = line[:-3] + letters[last + low:last + low + 1] + line[-2:] + self.data[len(line):]
            self.expect(raw, self.head, 'tampered', 0, 0)

    def test_record_0_has_one_shape(self):
        def strings(count):
            return json.dumps([f'/{n}' for n in range(count)], separators=(',', ':'))

        def expect(good, data=None, **members):
            data = data or hv.make_first_data(self.store, SESSION, **members)
            log = hv.make_log(self.store, SESSION, bodies=[hv.make_body(0, 'session', data)])
            head = hv.make_head(self.store, log)
            with self.subTest(data=data):
                if good:
                    self.expect_intact(log.data(), head, 1)
                else:
                    self.expect(log.data(), head, 'tampered', 0, 0)
        expect(True)
        huge = '{"n":' + '9' * 5000 + '}'
        for members in ({'name': '"a\\nb"'}, {'project': '"/p"'}, {'config': huge},
                        {'config': '{"previous":null,"records":1}'}, {'origin': '{"x":1}'},
                        {'config': '{"}":"\\"}","[":[{}]}'}, {'config': '{"a":' + '[' * 500
                         + ']' * 500 + '}'}, {'name': '"n' + 'n' * 9999 + '"'},
                        {'pinned': 'true'}, {'tags': '["a","b"]'}, {'tags': '["a b","\\"]","a b"]'},
                        {'tags': strings(16)}, {'former': '["/p"]'}, {'former': strings(8)},
                        {'tags': '[""]', 'former': '["' + 'x' * 9999 + '"]'}):
            expect(True, **members)
        for members in ({'format': '2'}, {'format': '"1"'}, {'name': '1'}, {'name': '{}'},
                        {'project': 'true'}, {'config': 'null'}, {'config': '[]'},
                        {'origin': '[]'}, {'origin': '"x"'}, {'created': '"yesterday"'},
                        {'created': '"2026-02-30T23:54:13.123456Z"'}, {'more': '1'},
                        {'records': '01'}, {'records': '1.0'}, {'records': '"1"'},
                        {'previous': '{}'}, {'key': '"000000000000000"'}, {'name': 'null '},
                        {'name': '"a'}, {'name': '"a"b'}, {'config': '{"a":1'},
                        {'config': '{"a":1}}'}, {'config': '{},"more":1'}, {'origin': '{}{}'},
                        {'pinned': 'null'}, {'pinned': '1'}, {'pinned': '"true"'},
                        {'tags': 'null'}, {'tags': '{}'}, {'tags': '"a"'}, {'tags': '[1]'},
                        {'tags': '[null]'}, {'tags': '[["a"]]'}, {'tags': strings(17)},
                        {'former': 'null'}, {'former': '{"/p":"/q"}'}, {'former': '["/p",null]'},
                        {'former': strings(9)}, {'tags': '["a"'}, {'former': '[]]'}, {'tags': '[ "a"]'}, {'tags': '["a" "b"]'},
                        {'tags': '["a"x]'}, {'tags': '["a":"b"]'}, {'tags': '["a",]'},
                        {'tags': '[,]'}, {'tags': '[ ]'}, {'former': '["/p" ]'},
                        {'former': '[,"/p"]'}, {'former': '["/p",,"/q"]'}):
            expect(False, **members)
        whole = hv.make_first_data(self.store, SESSION)
        expect(False, whole.replace('"name":null,"project":null', '"project":null,"name":null'))
        expect(False, whole.replace('"name":null,', ''))
        expect(False, whole.replace('"project":null,"config":{}', '"config":{},"project":null'))
        expect(False, whole.replace('"config":{},', '"more":1,"config":{},'))
        expect(False, whole.replace('"pinned":false,"tags":[]', '"tags":[],"pinned":false'))
        for member in ('"pinned":false,', '"tags":[],', '"former":[],'):
            expect(False, whole.replace(member, ''))
        expect(False, whole.replace('"generation":0', '"generation":99999999999999999999'))
        expect(False, whole.replace('"generation":0', f'"generation":{1 << 63}'))
        expect(False, whole.replace('"name"', '"name\\u0000"'))
        expect(False, whole.replace('"name"', '"n\\u0061me"'))
        expect(False, '[]')

    def test_record_0_has_type_session_and_no_id(self):
        data = hv.make_first_data(self.store, SESSION)
        for body in (hv.make_body(0, 'message', data), hv.make_body(0, 'session', data, 'id'),
                     hv.make_body(1, 'session', data)):
            log = hv.make_log(self.store, SESSION, bodies=[body])
            self.expect(log.data(), hv.make_head(self.store, log), 'tampered', 0, 0)

    def test_the_data_of_a_record_is_not_parsed(self):
        for text in ('{"a":1,"a":2}', '[1, 2]', '"\u2028"', '[1,]', '}', '1,"more":2', '[' * 500):
            self.expect_body(hv.make_body(1, 'message', text), True)


class KeptTest(StoreTest):
    """What the records say of how a session is kept, and what a head says."""

    def fold(self, *records, **members):
        log = hv.make_log(self.store, SESSION, records, **members)
        return hv.fold_log(SESSION, log.data(), None, self.store.keys)

    def digests(self, *paths):
        return [hashlib.sha256(path.encode()).digest()[:8] for path in paths]

    def test_labels_leave_a_closed_session_closed(self):
        seal = ('seal', '{"records":2}')
        labels = [('rename', '{"name":"n"}'), ('tags', '{"tags":[]}'), ('pin', '{"pinned":true}')]
        self.assertFalse(self.fold(*labels).closed)
        self.assertTrue(self.fold(seal, *labels, *labels).closed)
        for kind, data in (('message', '1'), ('resume', '{"after":"seal"}'), ('x-a', '1'),
                           ('repair', '{}'), ('relocate', '{"project":"/q","from":null}')):
            self.assertFalse(self.fold(seal, labels[0], (kind, data), labels[1]).closed)
            self.assertTrue(self.fold(seal, (kind, data), seal, labels[2]).closed)

    def test_the_newest_label_counts(self):
        kept = self.fold(('tags', '{"tags":["a","b"]}'), ('pin', '{"pinned":true}'),
                         ('rename', '{"name":"caf\\u00e9 \\ud83d"}'), name='"old"')
        self.assertEqual((kept.name, kept.tags, kept.pinned),
                         ('caf\u00e9 \ufffd'.encode(), b'a b', True))
        kept = self.fold(('tags', '{"tags":[]}'), ('pin', '{"pinned":false}'), tags='["a"]',
                         pinned='true')
        self.assertEqual((kept.tags, kept.pinned), (b'', False))
        kept = self.fold(tags='["a","b"]', pinned='true', name='"n"', project='"/p"')
        self.assertEqual(kept, (False, True, b'n', b'/p', b'a b', []))

    def test_labels_of_another_shape_are_passed_over(self):
        for tags in ('["a b"]', '["a","a"]', '[""]', '["a,b"]', '["\\u0007"]', '["\\u2003"]',
                     '["\\u0085"]', '["\\ud800"]', '["' + 't' * 65 + '"]', '[1]', 'null', '"a"',
                     json.dumps([f't{n}' for n in range(17)]),
                     json.dumps([c * 64 for c in 'abcd']), '["a"],"more":1'):
            with self.subTest(tags):
                kept = self.fold(('tags', f'{{"tags":{tags}}}'), tags='["old"]')
                self.assertEqual(kept.tags, b'old')
        for tags in ('["\\u200b"]', '["' + '\u00e9' * 32 + '"]', '["a\\u00a1"]',
                     json.dumps([c * 51 for c in 'abcde'][:4] + ['e' * 48])):
            with self.subTest(tags):
                kept = self.fold(('tags', f'{{"tags":{tags}}}'), tags='["old"]')
                self.assertEqual(kept.tags.decode(), ' '.join(json.loads(tags)))
        for data in ('{}', '{"pinned":1}', '{"pinned":null}', '{"pinned":false,"a":1}', 'false'):
            self.assertTrue(self.fold(('pin', data), pinned='true').pinned)

    def test_tags_of_record_0_end_before_the_first_that_is_none(self):
        self.assertEqual(self.fold(tags='["a","b c","d"]').tags, b'a')
        self.assertEqual(self.fold(tags='["a","b","a","d"]').tags, b'a b')

    def test_former_paths_are_the_last_eight_that_were_left(self):
        def moves(*paths):
            return [('relocate', json.dumps({'project': to, 'from': start}))
                    for start, to in zip(paths, paths[1:])]
        kept = self.fold(*moves('/a', '/b', '/c'), project='"/a"')
        self.assertEqual((kept.project, kept.former), (b'/c', self.digests('/b', '/a')))
        kept = self.fold(*moves('/a', '/b', '/a', '/b'), project='"/a"')
        self.assertEqual(kept.former, self.digests('/a', '/b'))
        paths = [f'/{n}' for n in range(10)]
        kept = self.fold(*moves(*paths), project='"/0"')
        self.assertEqual(kept.former, self.digests(*reversed(paths[1:-1])))
        kept = self.fold(*moves('/b', '/c'), former='["/a","/b","/d"]', project='"/b"')
        self.assertEqual(kept.former, self.digests('/b', '/d', '/a'))
        kept = self.fold(('relocate', '{"project":"/p","from":null}'))
        self.assertEqual((kept.project, kept.former), (b'/p', []))

    def test_what_a_head_says_is_read(self):
        former = b''.join(self.digests('/b', '/a'))
        slot = hv.make_slot(self.store, self.log, 6, flags=hv.SEALED | hv.PINNED, former=former,
                            texts=(b'n', b'/c', b'words', b'a b'))
        head = hv.read_head(slot, SESSION, self.store.keys)
        self.assertEqual(hv.kept_by_head(head),
                         (True, True, b'n', b'/c', b'a b', self.digests('/b', '/a')))


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, 'store')
        self.store = hv.make_store(self.path)

    def put(self, session, cut=None):
        log = hv.make_log(self.store, session, MESSAGES)
        self.store.write(session, log.data(cut), hv.make_head(self.store, log))

    def run_command(self, *arguments):
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            try:
                status = hv.main([self.path, *arguments])
            except SystemExit as stop:
                status = stop.code
        return status, [json.loads(line) for line in out.getvalue().splitlines()]

    def test_each_session_is_a_line_and_the_gravest_verdict_is_the_status(self):
        self.assertEqual(self.run_command(), (0, []))
        self.put(SESSION)
        self.assertEqual(self.run_command(), (0, [{
            'session': SESSION, 'verdict': 'intact', 'records': 6, 'bad_record': None,
            'bad_offset': None, 'weak': False}]))
        self.put(OTHER, cut=4)
        status, checks = self.run_command()
        self.assertEqual(status, 21)
        self.assertEqual([(c['session'], c['verdict']) for c in checks],
                         [(SESSION, 'intact'), (OTHER, 'truncated')])
        self.assertEqual(self.run_command(SESSION)[0], 0)

    def test_the_secret_may_lie_elsewhere(self):
        self.put(SESSION)
        keys = os.path.join(self.path, 'keys')
        os.rename(keys, self.path + '-keys')
        status, checks = self.run_command(SESSION)
        self.assertEqual((status, checks[0]['verdict']), (27, 'key-missing'))
        self.assertEqual(self.run_command('--key-dir', self.path + '-keys', SESSION)[0], 0)

    def test_other_files_are_no_sessions(self):
        for name in ('notes.jsonl', SESSION.upper() + '.jsonl', SESSION + '.lock',
                     f'.{SESSION}.0123456789abcdef.tmp', SESSION + '.jsonl.old'):
            hv.write_file(os.path.join(self.path, 'sessions', name), b'x')
        self.assertEqual(self.run_command(), (0, []))

    def test_a_session_that_is_not_there_is_not_found(self):
        self.assertEqual(self.run_command(SESSION)[0], 3)
        self.assertEqual(self.run_command('0195')[0], 2)

    def test_a_session_in_the_trash_is_checked_by_its_name(self):
        self.put(SESSION)
        sessions, trash = (os.path.join(self.path, place) for place in ('sessions', 'trash'))
        os.mkdir(trash)
        for suffix in ('.jsonl', '.head'):
            os.rename(os.path.join(sessions, SESSION + suffix), os.path.join(trash, SESSION + suffix))
        self.assertEqual(self.run_command(), (0, []))
        self.assertEqual(self.run_command(SESSION)[1][0]['verdict'], 'intact')
        # A move that was cut short has left the head where the session was before.
        os.link(os.path.join(trash, SESSION + '.head'), os.path.join(sessions, SESSION + '.head'))
        self.assertEqual(self.run_command(), (0, []))
        self.assertEqual(self.run_command(SESSION)[1][0]['verdict'], 'intact')
        os.unlink(os.path.join(trash, SESSION + '.jsonl'))
        self.assertEqual(self.run_command(SESSION)[1][0]['verdict'], 'truncated')

    def test_the_log_says_where_a_session_is(self):
        log = hv.make_log(self.store, SESSION, MESSAGES)
        head = hv.make_head(self.store, log)
        # What the three places have, and how many records the session has then; None: no session.
        for places, count in ((('lh', 'lh', 'lh'), 6), (('lh', '', 'lh'), 6), (('', 'lh', 'lh'), 5),
                              (('h', 'lh', ''), 5), (('h', 'lh', 'l'), 5), (('h', '', 'l'), None),
                              (('', 'h', 'l'), None), (('h', 'h', 'l'), None), (('', '', 'lh'), None),
                              (('h', '', 'h'), 0), (('', 'h', 'h'), 0), (('h', 'h', ''), 0),
                              (('', '', ''), None)):
            for folder, has, records in zip(('sessions', 'trash', 'incoming'), places, (6, 5, 4)):
                folder = pathlib.Path(self.path, folder)
                folder.mkdir(exist_ok=True)
                for file in folder.iterdir():
                    file.unlink()
                if 'l' in has:
                    (folder / f'{SESSION}.jsonl').write_bytes(log.data(records))
                if 'h' in has:
                    (folder / f'{SESSION}.head').write_bytes(head)
            with self.subTest(places):
                checks = self.run_command(SESSION)[1]
                self.assertEqual([check['records'] for check in checks],
                                 [] if count is None else [count])
                listed = count is not None and ('l' in places[0] or 'l' not in places[1])
                self.assertEqual(len(self.run_command()[1]), int(listed and places[0] != ''))

    def test_the_nil_uuid_is_no_session(self):
        self.put(hv.NIL)
        self.assertEqual(self.run_command(), (0, []))
        self.assertEqual(self.run_command(hv.NIL)[0], 3)

    def test_keys_of_other_stores_lie_beside_the_secret(self):
        other = hv.make_store(self.path + '-other', b'\x07' * 32, store_id=OTHER)
        log = hv.make_log(other, SESSION, MESSAGES)
        self.store.write(SESSION, log.data(), hv.make_head(other, log))
        self.assertEqual(self.run_command(SESSION)[0], 27)
        hv.put_foreign_key(self.store, other)
        self.assertEqual(self.run_command(SESSION)[0], 0)
        os.rename(os.path.join(self.path, 'keys'), self.path + '-keys')
        self.assertEqual(self.run_command(SESSION)[0], 27)
        self.assertEqual(self.run_command('--key-dir', self.path + '-keys', SESSION)[0], 0)

    def test_what_is_no_store_is_refused(self):
        path = os.path.join(self.path, 'holdfast.json')
        good = pathlib.Path(path).read_bytes()
        for raw in (b'', good[:-1], good + b'\n', good.replace(b':1', b':2', 1),
                    good.replace(b',', b', '), good.replace(b'5a7e', b'5A7E')):
            hv.write_file(path, raw)
            self.assertEqual(self.run_command()[0], 12)
        os.unlink(path)
        self.assertEqual(self.run_command()[0], 12)

    def test_the_exit_statuses_are_those_of_the_header(self):
        header = pathlib.Path(__file__).resolve().parents[2] / 'include' / 'holdfast.h'
        if not header.exists():
            self.skipTest('the header is not here')
        text = header.read_text()
        for verdict, status in hv.EXITS.items():
            self.assertRegex(text, rf'"{verdict}", HF_(ERR_)?[A-Z_]+\)')
            name = hv.re.search(rf'"{verdict}", (HF_\w+)\)', text).group(1)
            self.assertRegex(text, rf'X\({name}, -?\d+, {status}, ')


if __name__ == '__main__':
    unittest.main()
