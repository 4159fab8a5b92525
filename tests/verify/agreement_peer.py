#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python side of test_agreement.c: answers each line on standard input with one line.

    check STORE SESSION     what the second verifier says of a session
    kept STORE SESSION      how the session is kept by its records, and by its head
    fresh                   forgets the keys that it has read
    forge STORE             makes a store there, and answers with the count of its cases
    case NUMBER             puts a case into that store; the answer is that of check, with
                            the case's name

An answer is "VERDICT RECORDS BAD_RECORD BAD_OFFSET WEAK", -1 standing for no place, or
"none" when there is no such session. To "kept" it is "CLOSED PINNED|NAME|PROJECT|TAGS|FORMER",
the last being the count of former paths, and more than that if log and head differ.
"""
import pathlib
import sys

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
ALIAS = b'0123456789abcdef'


def answer(check):
    def place(value):
        return -1 if value is None else value
    return (f'{check["verdict"]} {check["records"]} {place(check["bad_record"])} '
            f'{place(check["bad_offset"])} {int(check["weak"])}')


def answer_kept(store, session, keys):
    """How a session is kept, which its log and its head must say alike."""
    base = pathlib.Path(store, 'sessions', session)
    slot = hv.read_head(base.with_suffix('.head').read_bytes(), session, keys)
    by_log = hv.fold_log(session, base.with_suffix('.jsonl').read_bytes(), slot, keys)
    by_head = hv.kept_by_head(slot)
    texts = '|'.join(text.decode() for text in (by_log.name, by_log.project, by_log.tags))
    same = '' if by_log == by_head else f' by the log, but by the head {by_head}'
    return (f'{int(by_log.closed)} {int(by_log.pinned)}|{texts}|{len(by_log.former)}'
            + same)[:250]


class Cases:
    """Sessions that only somebody with the key can make, right and wrong, by name."""

    def __init__(self, path):
        self.store = hv.make_store(path)
        self.log = hv.make_log(self.store, SESSION, MESSAGES)
        self.list = []
        self.stores = self.make_stores(f'{path}-of-others')
        for group in (self.heads, self.repairs, self.bodies, self.firsts, self.generations,
                      self.weak, self.others, self.mixtures, self.lies):
            group()

    def add(self, name, log, head):
        self.list.append((name, log, head))

    def add_log(self, name, log):
        """A log under its own head, under one that knows record 0 only, and under none."""
        self.add(name, log.data(), hv.make_head(self.store, log))
        self.add(name + ', head at 1', log.data(), hv.make_head(self.store, log, 1, 1))
        self.add(name + ', no head', log.data(), None)

    def slots(self, *slots):
        return b''.join(ZEROS if slot is None else slot for slot in slots)

    def heads(self):
        data, end = self.log.data(), self.log.offset()

        def slot(counter=6, records=6, **fields):
            return hv.make_slot(self.store, self.log, counter, records, **fields)
        for count in range(1, 7):
            for log in range(0, 7):
                self.add(f'{log} records, head at {count}', self.log.data(log),
                         hv.make_head(self.store, self.log, records=count))
        for name, fields in {
                'a record less': {'records': 5, 'offset': end, 'mac': self.log.macs[5]},
                'a record more': {'records': 7, 'offset': end, 'mac': self.log.macs[5]},
                'no record': {'records': 0, 'offset': 0, 'mac': bytes(32)},
                'no offset': {'offset': 0}, 'another MAC': {'mac': self.log.macs[4]},
                'an offset within a record': {'offset': end - 1},
                'an offset beyond': {'offset': end + 1}, 'a huge offset': {'offset': (1 << 63) - 1},
                'an offset of 64 bits': {'offset': 1 << 63},
                'a later generation': {'generation': 1}, 'a huge generation': {'generation': 1 << 63},
                'flags': {'flags': 11}, 'all flags but one': {'flags': (1 << 64) - 1 - 4},
                'removed': {'flags': 4}, 'removed and sealed': {'flags': 5},
                'another session': {'session': OTHER}, 'the weak key': {'key_id': self.store.keys.weak_id},
                'texts': {'texts': (b'n' * 256, b'p' * 3072, b'w' * 160, b't' * 256),
                          'former': b'\xff' * 64},
                'a long name': {'texts': (b'n' * 257, b'', b'', b'')},
                'long tags': {'texts': (b'', b'', b'', b't' * 257)},
                'sizes that lie': {'sizes': (1, 0, 0, 0)}, 'huge sizes': {'sizes': (0xFFFFFFFF, 0, 0, 0)},
                'huge tags': {'sizes': (0, 0, 0, 0xFFFFFFFF)},
                'another magic': {'magic': b'hfhead2\n'}}.items():
            for other in (None, slot(5, 5), slot(7, 6)):
                self.add('head: ' + name, data, self.slots(slot(**fields), other))
            self.add('head and no log: ' + name, None, self.slots(slot(**fields), None))
        unknown = slot(6)[:88] + b'0123456789abcdef' + slot(6)[104:]
        for name, head in {'an unknown key': self.slots(unknown, None), 'counter 0': self.slots(slot(0), None),
                           'the wrong place': self.slots(None, slot(6)), 'cut short': slot(6)[:4000],
                           'one slot long': slot(6), 'empty': b'', 'too long': self.slots(slot(6), None, slot(8)),
                           'an unknown key beside a good one': self.slots(unknown, slot(5, 5)),
                           'the largest counter': self.slots(slot(4, 4), slot((1 << 63) - 1)),
                           'too large a counter': self.slots(slot(4, 4), slot((1 << 64) - 1))}.items():
            for log in (data, self.log.data(1), b'', None):
                self.add('head: ' + name, log, head)

    def repairs(self):
        """A record that the head does not know, at the place of one that it knows."""
        for kind, record_id, size in (('repair', None, 100), ('repair', 'id', 100),
                                      ('repair', None, 1927), ('repair', None, 1928),
                                      ('repair', None, 5000), ('seal', None, 100),
                                      ('x-repair', None, 100)):
            log = hv.make_log(self.store, SESSION, MESSAGES[:2] + [
                (kind, f'"{"r" * size}"', record_id), ('message', '1')])
            line, end = log.offset(3), log.offset(4)
            for offset in (line, line + 1, end - 200, end - 1, end, end + 1, end + 900):
                head = self.slots(hv.make_slot(self.store, self.log, 6, offset=offset), None)
                for raw in (log.data(4), log.data(), log.data(4)[:-1],
                            log.data(4) + bytes(2000), log.data(4) + b'stump\n'):
                    self.add(f'{kind} {record_id} of {size}, head at {offset - end}', raw, head)
        for n in (3, 4):
            bodies = [hv.make_body(0, 'session', hv.make_first_data(self.store, SESSION))]
            bodies += [hv.make_body(k, 'message', '1') for k in (1, 2)]
            log = hv.make_log(self.store, SESSION, bodies=bodies + [hv.make_body(n, 'repair', '{}')])
            for past in (0, 1, 100):
                self.add(f'repair {n} as record 3', log.data(), self.slots(
                    hv.make_slot(self.store, self.log, 6, offset=log.offset() - past), None))

    def bodies(self):
        """Record 1 signed rightly, in every shape."""
        first = hv.make_body(0, 'session', hv.make_first_data(self.store, SESSION))
        good = hv.make_body(1, 'message', '1')
        for old, new in ((b'{', b'{'), (b'"n":1', b'"n":01'), (b'"n":1', b'"n":2'), (b'"n":1', b'"n": 1'),
                         (b'"n":1', b'"n":"1"'), (b'{', b' {'), (b'"at"', b'"At"'), (b'.123456Z', b'.123Z'),
                         (b'11-22', b'02-29'), (b':54:13', b':54:60'), (b'2026-11-22', b'0000-01-01'),
                         (b'2026-11-22', b'9999-12-31'), (b'"type"', b'"id":"","type"'),
                         (b'"type"', b'"id":"a b","type"'), (b'"type"', b'"id":"!#[]~","type"'),
                         (b'"type"', b'"id":"' + b'i' * 128 + b'","type"'),
                         (b'"type"', b'"id":"' + b'i' * 129 + b'","type"'), (b'message', b''),
                         (b'message', b'm' * 32), (b'message', b'm' * 33), (b'message', b'session'),
                         (b'message', b'unheard-of'), (b'message', b'Message'), (b'"data":1', b'"data":'),
                         (b'"n":1', b'"n":18446744073709551617'), (b'', b'')):
            self.add_log(f'record 1: {new[:40]}', hv.make_log(self.store, SESSION,
                                                              bodies=[first, good.replace(old, new, 1)]))

    def firsts(self):
        """Record 0 signed rightly, in every shape."""
        def strings(count):
            return '[' + ','.join(f'"/{n}"' for n in range(count)) + ']'
        huge = '{"n":' + '9' * 50 + '}'
        for members in ({}, {'format': '2'}, {'name': '1'}, {'name': '"a\\nb"'}, {'project': 'true'},
                        {'config': 'null'}, {'config': huge}, {'config': '{"previous":null,"records":1}'},
                        {'origin': '[]'}, {'origin': '{"unsigned":true}'}, {'origin': '{"unsigned":1}'},
                        {'origin': '{"a":{"unsigned":true}}'}, {'origin': '{"\\u0075nsigned":true}'},
                        {'created': '"2026-02-30T23:54:13.123456Z"'}, {'more': '1'}, {'records': '01'},
                        {'records': '0'}, {'records': '2'}, {'previous': '{}'}, {'generation': 1},
                        {'previous': self.log.previous()}, {'key': '"0000000000000000"'},
                        {'key': '"week000000000000"'}, {'session': f'"{OTHER}"'},
                        {'store': f'"{OTHER}"'}, {'pinned': 'true'}, {'pinned': 'null'}, {'pinned': '0'},
                        {'tags': 'null'}, {'tags': '{}'}, {'tags': '[1]'}, {'tags': '["a",null]'},
                        {'tags': '["a b","]",",","a b",""]'}, {'tags': strings(16)}, {'tags': strings(17)},
                        {'former': 'null'}, {'former': '{"a":"b"}'}, {'former': '["/p",["/q"]]'},
                        {'former': strings(8)}, {'former': strings(9)}, {'tags': '[ "a"]'},
                        {'tags': '["a" "b"]'}, {'tags': '["a"x]'}, {'tags': '["a":"b"]'},
                        {'tags': '["a",]'}, {'tags': '[,]'}, {'tags': '[ ]'}, {'former': '["/p" ]'},
                        {'former': '[,"/p"]'}, {'former': '["/p",,"/q"]'}, {'former': '["/p"'}):
            self.add_log(f'record 0: {members}', hv.make_log(self.store, SESSION, MESSAGES, **members))
        data = hv.make_first_data(self.store, SESSION)
        for kind, n, record_id in (('message', 0, None), ('session', 0, 'id'), ('session', 1, None)):
            body = hv.make_body(n, kind, data, record_id)
            self.add_log(f'record 0: {kind} {n} {record_id}', hv.make_log(self.store, SESSION, bodies=[body]))

    def generations(self):
        head = hv.make_head(self.store, self.log)
        state = self.log.previous()
        states = {'the head\'s state': state, 'an older state': self.log.previous(5),
                  'another count': state.replace('"records":6', '"records":7'),
                  'another generation': state.replace('"generation":0', '"generation":2')}
        for name, previous in states.items():
            for written in (1, 3, 4, 9):
                log = hv.make_log(self.store, SESSION, MESSAGES[:3], generation=1, previous=previous,
                                  records=written)
                data = log.data()
                changed = bytearray(data)
                changed[log.offset(2) + 30] ^= 1
                for kind, raw in {'whole': data, 'cut': data[:-20], 'two records': log.data(2),
                                  'padded': data + b'\n' * 99, 'with zeros': log.data(2) + bytes(500),
                                  'with a stump': data + b'stump', 'with a line': data + b'stump\n',
                                  'with a bad record': bytes(changed)}.items():
                    self.add(f'{name}, {written} promised, {kind}', raw, head)
                    self.add(f'{name}, {written} promised, {kind}, no head', raw, None)
        newer = hv.make_log(self.store, SESSION, MESSAGES, generation=3, previous=state, records=2)
        own = hv.make_head(self.store, newer, counter=9)
        self.add('an older generation', self.log.data(), own)
        self.add('an older generation and a stump', self.log.data() + b'stump', own)
        self.add('an older generation, cut', self.log.data()[:-5], own)
        self.add('its own head', newer.data(), own)

    def weak(self):
        keys = self.store.keys
        log = hv.make_log(self.store, SESSION, MESSAGES, key_id=keys.weak_id)
        self.add_log('the weak key', log)
        self.add('the weak key under a strong head', log.data(), hv.make_head(self.store, self.log))
        self.add('the weak key, torn', log.data() + b'stump', hv.make_head(self.store, log))
        self.add('the weak key, cut', log.data(3), hv.make_head(self.store, log))
        forged = hv.make_log(self.store, SESSION, MESSAGES, key_id=keys.weak_id, generation=1,
                             previous=self.log.previous())
        self.add('a weak generation after a strong one', forged.data(), hv.make_head(self.store, self.log))
        self.add('a weak slot beside a strong one', self.log.data(),
                 self.slots(hv.make_slot(self.store, self.log, 100, 2, key_id=keys.weak_id),
                            hv.make_slot(self.store, self.log, 5, 5)))

    def make_stores(self, path):
        """The store and others, by name. Of some the keys are put into this one, rightly or not."""
        def make(name, number, secret):
            store_id = number if isinstance(number, str) else f'5a7e0000-0000-4000-8000-{number:012}'
            return hv.make_store(f'{path}/{name}', bytes([secret] * 32), store_id=store_id)
        own = bytes(range(32))
        stores = {'another': make('another', 2, 7), 'one with its secret': make('twin', 3, 7),
                  'one with our secret': hv.make_store(f'{path}/sibling', own, store_id=OTHER),
                  'an earlier secret': make('earlier', self.store.store_id, 8)}
        for store in stores.values():
            self.store = hv.put_foreign_key(self.store, store)
        # From here on: none that counts.
        unknown = {name: make(f'unknown-{number}', number, number) for number, name in enumerate(
            ('a stranger', 'a damaged one', 'a misnamed one', 'an alias', 'an empty one'), 20)}
        for name, of, raw in (
                ('damaged', unknown['a damaged one'], b'holdfast-key 1\n'),
                ('misnamed', unknown['a misnamed one'], None), ('alias', unknown['an alias'], None),
                ('empty', unknown['an empty one'], b'')):
            folder = f'{of.store_id}.{of.keys.strong_id.decode()}'
            if name == 'misnamed':
                folder = folder.replace('.', '-')
            if name == 'alias':  # the key of an id that is not its own
                folder = f'{of.store_id}.{ALIAS.decode()}'
                of.keys.add_alias(ALIAS)
            self.store = hv.put_foreign_key(self.store, of, folder, raw)
        return {'ours': self.store, **stores, **unknown}

    def key_of(self, name):
        return ALIAS if name == 'an alias' else self.stores[name].keys.strong_id

    def others(self):
        """Sessions of each store as it wrote them, and damaged."""
        for name, store in self.stores.items():
            log = hv.make_log(store, SESSION, MESSAGES, key_id=self.key_of(name))
            weak = hv.make_log(store, SESSION, MESSAGES, key_id=store.keys.weak_id)
            unsigned = hv.make_log(store, SESSION, MESSAGES, key_id=self.key_of(name),
                                   origin='{"format":"jidocode","unsigned":true}')
            newer = hv.make_log(store, SESSION, MESSAGES, generation=2, previous=log.previous(),
                                key_id=self.key_of(name), records=3)
            for kind, one in (('', log), (', weak', weak), (', unsigned', unsigned), (', newer', newer)):
                data, head = one.data(), hv.make_head(store, one)
                changed = bytearray(data)
                changed[one.offset(2) + 30] ^= 1
                for state, raw in {'': data, ', cut': data[:-9], ', two records': one.data(2),
                                   ', torn': data + b'stump', ', changed': bytes(changed),
                                   ', empty': b'', ', no log': None}.items():
                    for place, slots in {'': head, ', no head': None, ', one slot': head[:4096],
                                         ', head at 1': hv.make_head(store, one, 1, 1)}.items():
                        self.add(f'of {name}{kind}{state}{place}', raw, slots)

    def mixtures(self):
        """Logs, heads and generations of two stores together."""
        names = ['ours', 'another', 'one with its secret', 'one with our secret', 'an earlier secret',
                 'a stranger']
        for one in names:
            log = hv.make_log(self.stores[one], SESSION, MESSAGES)
            head = hv.make_head(self.stores[one], log)
            for two in names:
                store = self.stores[two]
                other = hv.make_log(store, SESSION, MESSAGES[:4])
                newer = hv.make_log(store, SESSION, MESSAGES[:3], generation=1, previous=log.previous(),
                                    records=2)
                older = hv.make_head(self.stores[one], hv.make_log(
                    self.stores[one], SESSION, MESSAGES, generation=3, previous=newer.previous()))
                pair = f'head of {one}, log of {two}'
                self.add(pair, other.data(), head)
                self.add(pair + ', newer', newer.data(), head)
                self.add(pair + ', newer, cut', newer.data(1), head)
                self.add(pair + ', older', other.data(), older)
                self.add(pair + ', older and a stump', other.data() + b'stump', older)
                for raw in (log.data(), other.data(), None):
                    self.add(f'slots of {one} and {two}', raw, self.slots(
                        hv.make_slot(store, other, 6, 5), hv.make_slot(self.stores[one], log, 5, 5)))
                    self.add(f'slots of {two} and {one}', raw, self.slots(
                        hv.make_slot(self.stores[one], log, 6), hv.make_slot(store, other, 5, 5)))

    def lies(self):
        """Record 0 names another store than the one whose key has signed it."""
        names = ['ours', 'another', 'one with its secret', 'one with our secret', 'an earlier secret',
                 'a stranger']
        for one in names:
            for two in names:
                store, claimed = self.stores[one], f'"{self.stores[two].store_id}"'
                log = hv.make_log(store, SESSION, MESSAGES, store=claimed)
                for head in (hv.make_head(store, log), hv.make_head(store, log, 1, 1), None):
                    self.add(f'of {one}, which says it is of {two}', log.data(), head)
                for three in names:
                    base = hv.make_log(self.stores[three], SESSION, MESSAGES)
                    newer = hv.make_log(store, SESSION, MESSAGES, generation=1, store=claimed,
                                        previous=base.previous())
                    self.add(f'newer of {one}, which says it is of {two}, head of {three}',
                             newer.data(), hv.make_head(self.stores[three], base))

    def put(self, number):
        name, log, head = self.list[number]
        self.store.write(SESSION, log, head)
        try:
            return f'{answer(self.store.verify(SESSION))} {name}'
        except hv.NoSession:
            return f'none {name}'


def main():
    keys = {}
    cases = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == 'fresh':
            keys.clear()
            print('ok', flush=True)
        elif command == 'forge':
            cases = Cases(words[0])
            print(len(cases.list), flush=True)
        elif command == 'case':
            print(cases.put(int(words[0])), flush=True)
        else:
            store, session = words
            if store not in keys:
                keys[store] = hv.Keys.read(store)
            if command == 'kept':
                print(answer_kept(store, session, keys[store]), flush=True)
                continue
            try:
                print(answer(hv.verify_session(store, session, keys[store])), flush=True)
            except hv.NoSession:
                print('none', flush=True)


if __name__ == '__main__':
    main()
