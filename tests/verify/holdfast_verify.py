#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A second verifier of Holdfast's sessions, written from docs/FORMAT.md alone.

    holdfast_verify.py STORE [SESSION-UUID...] [--key-dir DIR]

prints one JSON object for each session and exits with the status of the gravest verdict.
It shares no code with the C library, so that an error in one of the two shows. Below the
verifier stands a builder, which makes valid and forged stores for the tests.
"""
import argparse
import base64
import binascii
import collections
import functools
import hashlib
import hmac
import itertools
import json
import os
import re
import struct
import sys
import uuid

# Verdicts in order of gravity, with the exit status of each.
EXITS = {'intact': 0, 'unsigned': 28, 'weak-key': 26, 'torn': 20, 'key-missing': 27,
         'head-missing': 25, 'gap': 23, 'truncated': 21, 'rolled-back': 24, 'tampered': 22}
GRAVITY = {verdict: place for place, verdict in enumerate(EXITS)}
EXIT_NOT_FOUND, EXIT_DENIED, EXIT_IO, EXIT_NOT_A_STORE = 3, 5, 10, 12

MAC_SIZE = 32
TAIL_SIZE = 53
REPAIR_SIZE_MAX = 2048
NUMBER_MAX, U64_MAX = (1 << 63) - 1, (1 << 64) - 1
ROUNDS_MIN, ROUNDS_MAX = 10_000, 10_000_000
KEY_FILE_SIZE_MAX = 1024
SLOTS, SLOT_SIZE = 2, 4096
MAGIC = b'hfhead1\n'
SEALED, UNSIGNED, DELETED, PINNED = 1, 2, 4, 8
# magic, counter, session, generation, records, offset, MAC, key id, flags, created,
# updated, messages, sizes of name, project, first words and tags, former projects
SLOT = struct.Struct('>8sQ16sQQQ32s16sQqqQIIII64s')
TEXT_SIZES_MAX = (256, 3072, 160, 256)
TAGS_MAX, TAG_SIZE_MAX, TAGS_SIZE_MAX = 16, 64, 256
FORMER_MAX, FORMER_SIZE = 8, 8
LABELS = (b'rename', b'tags', b'pin')  # types that leave a closed session closed
# How often the files of a session that is being written to are read anew.
READ_TRIES = 20

NIL = '00000000-0000-0000-0000-000000000000'  # no session's
_UUID = rb'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
_TIME = (rb'[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])'
         rb'T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z')
_COUNT = rb'0|[1-9][0-9]{0,19}'
_KEY_ID = rb'[0-9a-f]{16}|weak[0-9a-f]{12}'
_B64 = rb'[A-Za-z0-9_-]{43}'

UUID = re.compile(_UUID)
FOREIGN_NAME = re.compile(rb'(%s)\.([0-9a-f]{16})' % _UUID)
STORE_FILE = re.compile(rb'{"holdfast":1,"store":"(%s)","created":"(%s)"}\n' % (_UUID, _TIME))
KEY_FILE = re.compile(
    rb'(holdfast-key 1\nsecret (%s)\nhost ([!-~]{1,255})\nrounds ([1-9][0-9]{4,7})\nmade (%s)\n)'
    rb'check (%s)\n' % (_B64, _TIME, _B64))
RECORD = re.compile(rb'{"n":(%s),"at":"(%s)",(?:"id":"([!#-\[\]-~]{1,128})",)?'
                    rb'"type":"([a-z0-9-]{1,32})","data":' % (_COUNT, _TIME))
FIRST_DATA = (rb'{"format":1,"session":"(%s)","store":"(%s)","generation":(%s),"key":"(%s)",'
              % (_UUID, _UUID, _COUNT, _KEY_ID))
FIRST = re.compile(rb'{"n":0,"at":"%s","type":"session","data":%s' % (_TIME, FIRST_DATA))
FIRST_BEGIN = re.compile(FIRST_DATA + rb'"created":"(%s)",' % _TIME)
FIRST_END = re.compile(
    rb',"previous":(?:null|{"generation":(%s),"records":(%s),"mac":"(%s)"}),"records":(%s)}'
    % (_COUNT, _COUNT, _B64, _COUNT))


class NotAStore(ValueError):
    """The directory does not hold a store of this version."""


class NoSession(LookupError):
    """There is no such session, or it was removed."""


# ---- Text ------------------------------------------------------------------------


def b64encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=')


def b64decode(text):
    """The 32 bytes that 43 characters spell; None if they are not the canonical ones."""
    try:
        raw = base64.urlsafe_b64decode(text + b'=')
    except binascii.Error:
        return None
    return raw if len(raw) == 32 and b64encode(raw) == text else None


def time_is_real(text):
    """Whether a text that looks like a time names a day that exists."""
    year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
    if day <= 28:
        return True
    if month == 2:
        return day == 29 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


_STRING = rb'"(?:[^"\\]|\\.)*"'
STRING = re.compile(_STRING)
STRINGS = rb'\[(?:%s(?:,%s){0,%d})?\]'
KEPT = re.compile(rb',"pinned":(?:true|false),"tags":%s,"former":%s' % (
    STRINGS % (_STRING, _STRING, TAGS_MAX - 1), STRINGS % (_STRING, _STRING, FORMER_MAX - 1)))
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^"{}\[\]]+')


def skip_text(data, at):
    """Where the string at a place ends, or -1."""
    match = STRING.match(data, at)
    return match.end() if match else -1


def skip_object(data, at):
    """Where the object at a place ends, or -1. Of what is in it only the strings and the
    brackets are looked at: the MAC says that a writer checked it."""
    depth = 0
    while data[at:at + 1] == b'{' or depth:
        match = TOKEN.match(data, at)
        if match is None:
            return -1
        depth += (match[0] in (b'{', b'[')) - (match[0] in (b'}', b']'))
        at = match.end()
        if depth == 0:
            return at
    return -1


# ---- Keys ------------------------------------------------------------------------


def hmac256(key, message):
    return hmac.digest(key, message, 'sha256')


def hkdf(prk, info, size=32):
    """The expanding half of HKDF-SHA256, for at most 32 bytes."""
    return hmac256(prk, info + b'\x01')[:size]


def hkdf_extract(key):
    return hmac256(bytes(32), key)


@functools.lru_cache(maxsize=64)
def derive_store_key(secret, host, rounds):
    return hashlib.pbkdf2_hmac('sha256', secret, b'holdfast/1 store key' + host, rounds, 32)


def parse_key_file(raw):
    """The (secret, host, rounds) of a key file; None if it is damaged."""
    match = KEY_FILE.fullmatch(raw) if len(raw) <= KEY_FILE_SIZE_MAX else None
    if match is None:
        return None
    before, secret, host, rounds, made, check = match.groups()
    secret = b64decode(secret)
    if secret is None or b64encode(hashlib.sha256(before).digest()) != check:
        return None
    if not ROUNDS_MIN <= int(rounds) <= ROUNDS_MAX or not time_is_real(made):
        return None
    return secret, host, int(rounds)


def is_weak(key_id):
    return key_id.startswith(b'weak')


def make_key_id(prk):
    return hkdf(prk, b'holdfast/1 key id', 8).hex().encode()


def read_foreign(key_dir):
    """The names of other stores' keys, (key id, store), with the secrets beside them, in the
    order of the names."""
    folder = os.path.join(key_dir, 'foreign')
    found = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        match = FOREIGN_NAME.fullmatch(os.fsencode(name))
        secret = read_secret(os.path.join(folder, name)) if match else None
        if secret is not None:
            found[match.group(2), uuid.UUID(match.group(1).decode()).bytes] = secret
    return found


def read_secret(folder):
    """The secret in a directory; None if there is none that can be used."""
    try:
        return parse_key_file(read_file(os.path.join(folder, 'machine_secret')) or b'')
    except OSError:
        return None


class Keys:
    """The keys that a store has, by key id and the store that they are of: the secret's, if it
    can be read, the weak one, and those of other stores."""

    def __init__(self, store_id, secret=None, foreign=None):
        self.store_id = uuid.UUID(store_id).bytes
        self.strong_id = None
        self._derived = {}
        self._foreign = dict(foreign or {})  # those that no one has asked for yet
        weak = hkdf(hkdf_extract(b'holdfast/1 weak key'), self.store_id)
        prk = hkdf_extract(weak)
        self.weak_id = b'weak' + hkdf(prk, b'holdfast/1 key id', 6).hex().encode()
        self._prk = {(self.weak_id, self.store_id): prk}
        if secret is not None:
            prk = hkdf_extract(derive_store_key(*secret))
            self.strong_id = make_key_id(prk)
            self._prk[self.strong_id, self.store_id] = prk

    @classmethod
    def read(cls, store_path, key_dir=None):
        """Reads the store's id and its secrets. A secret that cannot be used is no secret."""
        store = read_file(os.path.join(store_path, 'holdfast.json'))
        match = STORE_FILE.fullmatch(store or b'')
        if match is None or not time_is_real(match.group(2)):
            raise NotAStore(store_path)
        key_dir = key_dir or os.path.join(store_path, 'keys')
        return cls(match.group(1).decode(), read_secret(key_dir), read_foreign(key_dir))

    def stores(self, key_id):
        """The stores that have a key with this id here."""
        for name in [name for name in self._foreign if name[0] == key_id]:
            prk = hkdf_extract(derive_store_key(*self._foreign.pop(name)))
            if make_key_id(prk) == key_id:  # else the directory has the name of another
                self._prk.setdefault(name, prk)
        return [store for known, store in self._prk if known == key_id]

    def __contains__(self, key_id):
        return bool(self.stores(key_id))

    def choose(self, key_id, store):
        """The store whose key with this id is to be used where that of a store is wanted."""
        stores = self.stores(key_id)
        return store if store in stores else stores[0]

    def add_alias(self, key_id):
        """For tests: has the secret's key known by another id, so that forgeries can be signed."""
        self._prk[key_id, self.store_id] = self._prk[self.strong_id, self.store_id]

    def _derive(self, key_id, store, info):
        key = self._derived.get((key_id, store, info))
        if key is None:
            if len(self._derived) > 1000:
                self._derived.clear()
            key = self._derived[key_id, store, info] = hkdf(self._prk[key_id, store], info)
        return key

    def session_key(self, key_id, session, generation, store=None):
        store = store or self.store_id
        return self._derive(key_id, store, b'holdfast/1 session' + store
                            + uuid.UUID(session).bytes + struct.pack('>Q', generation))

    def head_key(self, key_id, session_bytes, store=None):
        store = store or self.store_id
        return self._derive(key_id, store, b'holdfast/1 head' + store + session_bytes)


# ---- Records ---------------------------------------------------------------------

First = collections.namedtuple('First', 'session store generation key_id')
Record = collections.namedtuple('Record', 'n at type id data')
Session = collections.namedtuple('Session', 'begin previous records unsigned')
Previous = collections.namedtuple('Previous', 'generation records mac')


def make_first(match):
    session, store, generation, key_id = match.groups()[:4]
    if int(generation) > NUMBER_MAX:
        return None
    return First(session, uuid.UUID(store.decode()).bytes, int(generation), key_id)


def read_first(log):
    """What record 0 says of itself before its MAC is known to be right; None if it cannot
    be read."""
    match = FIRST.match(log)
    return make_first(match) if match else None


def line_tail(line):
    """The text of the MAC in a line's tail, or None if the line has none."""
    if len(line) < TAIL_SIZE or line[-53:-45] != b',"mac":"' or line[-2:] != b'"}':
        return None
    return line[-45:-2]


def line_mac(key, previous, line):
    """The MAC of a line that checks against the one before it, or None."""
    text = line_tail(line)
    if text is None:
        return None
    mac = hmac256(key, previous + line[:-TAIL_SIZE])
    return mac if hmac.compare_digest(b64encode(mac), text) else None


def parse_record(body):
    """The members of a line without its tail; None if its shape is wrong."""
    match = RECORD.match(body)
    if match is None:
        return None
    n, at, record_id, kind = match.groups()
    data = body[match.end():]
    if int(n) > U64_MAX or not time_is_real(at) or not data:
        return None
    return Record(int(n), at, kind, record_id, data)


def line_time(line):
    """What a line says of its time, whether it checks or not; None if the line has not even
    the shape of a record."""
    record = parse_record(line[:-TAIL_SIZE]) if line_tail(line) else None
    return record and record.at


def load_members(data):
    """The members of an object by their names, of equal names the first; empty if it is no
    object. Numbers are not kept."""
    try:
        members = json.loads(data, object_pairs_hook=lambda pairs: dict(reversed(pairs)),
                             parse_int=len, parse_float=len)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def says_unsigned(origin):
    """Whether an origin has a member "unsigned" that is true."""
    return load_members(origin).get('unsigned') is True


def parse_previous(generation, records, mac):
    """What record 0 says of the generation before; None if it cannot be."""
    previous = Previous(int(generation), int(records), b64decode(mac))
    return None if previous.mac is None or max(previous[:2]) > U64_MAX else previous


def find_members(data, at):
    """Walks over the members from name to former of record 0. Returns the origin and where
    the last one ends; None and -1 if their shape is wrong."""
    start = at
    for name, skip in ((b'"name":', skip_text), (b',"project":', skip_text),
                       (b',"config":', skip_object), (b',"origin":', skip_object)):
        start = at + len(name)
        if not data.startswith(name, at):
            return None, -1
        null = skip is skip_text or name == b',"origin":'
        at = start + 4 if null and data.startswith(b'null', start) else skip(data, start)
        if at < 0:
            return None, -1
    kept = KEPT.match(data, at)
    return (data[start:at], kept.end()) if kept else (None, -1)


def parse_session(data):
    """The data of record 0; None if its shape is wrong."""
    match = FIRST_BEGIN.match(data)
    begin = make_first(match) if match else None
    if begin is None or not time_is_real(match.group(5)):
        return None
    origin, at = find_members(data, match.end())
    end = FIRST_END.fullmatch(data, at) if at >= 0 else None
    if end is None:
        return None
    previous = parse_previous(*end.groups()[:3]) if end.group(1) else None
    if (previous is None) != (begin.generation == 0) or not 1 <= int(end.group(4)) <= U64_MAX:
        return None
    # Generation 0 has no more than record 0 from the beginning, nor has it a predecessor.
    if begin.generation == 0 and (end.group(1) or int(end.group(4)) != 1):
        return None
    return Session(begin, previous, int(end.group(4)), says_unsigned(origin))


class Chain:
    """Walks along the records of a log under one key for as long as they check."""

    def __init__(self, log, keys, first):
        self.log = log
        self.first = first
        self.store = keys.choose(first.key_id, first.store)
        self.key = keys.session_key(first.key_id, first.session.decode(), first.generation,
                                    self.store)
        self.content = len(log.rstrip(b'\n'))  # what follows is padding, or ends a record
        self.count = 0
        self.offset = 0
        self.mac = bytes(MAC_SIZE)
        self.last = 0        # where the last good record begins
        self.session = None  # what record 0 says, once it checked
        self.record = None   # the last good record

    def step(self):
        end = self.log.find(b'\n', self.offset)
        line = self.log[self.offset:max(end, self.offset)]
        mac = line_mac(self.key, self.mac, line)
        record = parse_record(line[:-TAIL_SIZE]) if mac else None
        if record is None or record.n != self.count:
            return False
        if (record.type == b'session') != (self.count == 0):
            return False
        if self.count == 0:
            session = parse_session(record.data) if record.id is None else None
            if session is None or session.begin.generation != self.first.generation or \
                    session.begin.store != self.store:
                return False
            self.session = session
        self.record = record
        self.last, self.offset, self.mac = self.offset, end + 1, mac
        self.count += 1
        return True

    def walk(self, stop=None):
        while (stop is None or self.offset < stop) and self.step():
            pass
        return self

    def rest(self):
        return self.log[self.offset:]

    def padding_only(self):
        return self.content <= self.offset

    def log_ends(self):
        """Whether nothing follows the last good record but what a cut leaves behind: an
        incomplete line, or zero bytes and line feeds."""
        rest = self.rest()
        return b'\n' not in rest or not rest.strip(b'\x00\n')

    def tail(self):
        """The verdict on what follows the last good record, where nothing need be."""
        if self.padding_only():
            return 'intact'
        times = set()  # of lines that follow the line before them, and of those before
        lines = self.rest().split(b'\n')[:-1]
        for before, line in zip(lines, lines[1:]):
            if line_tail(line) is None:
                continue
            if line_mac(self.key, self.mac, line):
                return 'gap'
            between = b64decode(line_tail(before) or b'')
            if between and line_mac(self.key, between, line):
                times |= {line_time(before), line_time(line)}
        return 'torn' if len(times) <= 1 and None not in times else 'gap'

    def complete(self):
        """Whether all is there that was written together with record 0."""
        return self.count >= self.session.records


# ---- Heads -----------------------------------------------------------------------

Slot = collections.namedtuple(
    'Slot', 'counter generation records offset mac store key_id flags former texts')


def read_slot(head, place, session_bytes, keys):
    """The slot at a place of a head, or None if it is not valid."""
    raw = head[place * SLOT_SIZE:(place + 1) * SLOT_SIZE]
    (magic, counter, session, generation, records, offset, mac, key_id, flags, _, _, messages,
     *sizes, former) = SLOT.unpack_from(raw)
    if magic != MAGIC or session != session_bytes or counter == 0 or counter % SLOTS != place:
        return None
    if max(counter, generation, records, offset, messages) > NUMBER_MAX:
        return None
    if any(size > limit for size, limit in zip(sizes, TEXT_SIZES_MAX)):
        return None
    end = SLOT.size + sum(sizes)
    if any(raw[end + MAC_SIZE:]):
        return None
    # A slot does not say of which store it is: it is of that whose key fits.
    store = next((store for store in keys.stores(key_id) if hmac.compare_digest(
        hmac256(keys.head_key(key_id, session_bytes, store), raw[:end]),
        raw[end:end + MAC_SIZE])), None)
    if store is None:
        return None
    ends = list(itertools.accumulate(sizes, initial=SLOT.size))
    texts = [raw[start:end] for start, end in zip(ends, ends[1:])]
    return Slot(counter, generation, records, offset, mac, store, key_id, flags, former, texts)


def read_head(raw, session, keys):
    """The slot of a head that counts, or None."""
    raw = raw.ljust(SLOTS * SLOT_SIZE, b'\x00')
    slots = [read_slot(raw, place, uuid.UUID(session).bytes, keys) for place in range(SLOTS)]
    # Anybody can sign with the weak key: beside a strong slot a weak one says nothing.
    return max(filter(None, slots), default=None,
               key=lambda slot: (not is_weak(slot.key_id), slot.counter))


def names_unknown_key(raw, keys):
    """Whether a slot of a head that has no valid one was signed with a key that is not here."""
    raw = raw.ljust(SLOTS * SLOT_SIZE, b'\x00')
    slots = [SLOT.unpack_from(raw, place * SLOT_SIZE) for place in range(SLOTS)]
    return any(slot[0] == MAGIC and slot[7] not in keys for slot in slots)


def slot_first(session, slot):
    """What record 0 is to say of itself if it is of the head's generation."""
    return First(session.encode(), slot.store, slot.generation, slot.key_id)


# ---- How a session is kept -------------------------------------------------------

# closed, pinned: bool; name, project, tags: as the head has them; former: digests
Kept = collections.namedtuple('Kept', 'closed pinned name project tags former')


def to_utf8(text, size):
    """Text in UTF-8, cut at a character; a surrogate without its other half is U+FFFD."""
    whole = text.encode('utf-16-le', 'surrogatepass').decode('utf-16-le', 'replace').encode()
    return whole if len(whole) <= size else whole[:size].decode(errors='ignore').encode()


def is_tag(text):
    if not isinstance(text, str) or any(c == ',' or c.isspace() or c < ' ' or '\x7f' <= c < '\xa0'
                                        or '\ud800' <= c <= '\udfff' for c in text):
        return False
    return 1 <= len(text.encode()) <= TAG_SIZE_MAX


def good_tags(tags):
    """The tags of a list up to the first one that cannot be taken."""
    good = []
    for tag in tags:
        if not is_tag(tag) or tag in good or len(good) == TAGS_MAX or \
                len(' '.join([*good, tag]).encode()) > TAGS_SIZE_MAX:
            break
        good.append(tag)
    return good


class Folder:
    """Folds the records of a session to what its head should say of how it is kept."""

    def __init__(self):
        self.closed = self.pinned = False
        self.name = self.project = ''
        self.tags = []
        self.former = []  # the path that was left last at the end

    def leave(self, path):
        if isinstance(path, str):
            self.former = [*(other for other in self.former if other != path), path][-FORMER_MAX:]

    def add_label(self, record, members):
        if record.type == b'rename' and isinstance(members.get('name'), str):
            self.name = members['name']
        elif record.type == b'tags' and list(members) == ['tags']:
            tags = members['tags']
            if isinstance(tags, list) and good_tags(tags) == tags:
                self.tags = tags
        elif record.type == b'pin' and list(members) == ['pinned']:
            if isinstance(members['pinned'], bool):
                self.pinned = members['pinned']

    def add(self, record):
        if record.type in LABELS:
            self.add_label(record, load_members(record.data))
            return
        self.closed = record.type == b'seal'
        members = load_members(record.data) if record.type in (b'session', b'relocate') else {}
        if record.type == b'session':
            self.name, self.project = members['name'] or '', members['project'] or ''
            self.pinned, self.tags = members['pinned'], good_tags(members['tags'])
            for path in members['former']:
                self.leave(path)
        elif record.type == b'relocate':
            if isinstance(members.get('project'), str):
                self.project = members['project']
            self.leave(members.get('from'))

    def kept(self):
        sizes = TEXT_SIZES_MAX
        paths = [to_utf8(path, 1 << 20) for path in reversed(self.former)]
        digests = [hashlib.sha256(path).digest()[:FORMER_SIZE] for path in paths
                   if 0 < len(path) <= sizes[1]]
        return Kept(self.closed, self.pinned, to_utf8(self.name, sizes[0]),
                    to_utf8(self.project, sizes[1]), to_utf8(' '.join(self.tags), sizes[3]),
                    digests)


def fold_log(session, log, slot, keys):
    """How a session is kept by those records that check."""
    first = read_first(log) or slot_first(session, slot)
    chain, folder = Chain(log, keys, first), Folder()
    while chain.step():
        folder.add(chain.record)
    return folder.kept()


def kept_by_head(slot):
    former = [slot.former[at:at + FORMER_SIZE] for at in range(0, len(slot.former), FORMER_SIZE)]
    return Kept(bool(slot.flags & SEALED), bool(slot.flags & PINNED), slot.texts[0], slot.texts[1],
                slot.texts[3], [digest for digest in former if any(digest)])


# ---- Checking --------------------------------------------------------------------


def gravest(*verdicts):
    return max(verdicts, key=GRAVITY.__getitem__)


def outcome(session, verdict, records=0, bad_offset=None, key_id=b''):
    return {'session': session, 'verdict': verdict, 'records': records,
            'bad_record': None if bad_offset is None else records, 'bad_offset': bad_offset,
            'weak': is_weak(key_id)}


def judge(session, chain, verdict):
    """Joins a verdict with those on the end of the log and on its key and origin."""
    verdict = gravest(verdict, chain.tail())
    if is_weak(chain.first.key_id):
        verdict = gravest(verdict, 'weak-key')
    if chain.session.unsigned:
        verdict = gravest(verdict, 'unsigned')
    return outcome(session, verdict, chain.count,
                   None if chain.padding_only() else chain.offset, chain.first.key_id)


def judge_whole(session, chain, verdict):
    """Likewise for a log that no head vouches for: its first records must all be there."""
    if chain.complete():
        return judge(session, chain, verdict)
    verdict = gravest(verdict, 'truncated' if chain.log_ends() else 'tampered')
    return outcome(session, verdict, chain.count, chain.offset, chain.first.key_id)


def check_without_log(session, head, slot, keys):
    if slot is None:
        return outcome(session, 'key-missing') if names_unknown_key(head, keys) \
            else outcome(session, 'truncated', 0, 0)
    if slot.generation == 0 and slot.records <= 1:
        raise NoSession(session)
    return outcome(session, 'truncated', 0, 0, slot.key_id)


def check_without_head(session, log, first, keys):
    if first is None:
        return outcome(session, 'tampered', 0, 0)
    if first.key_id not in keys:
        return outcome(session, 'key-missing', key_id=first.key_id)
    chain = Chain(log, keys, first).walk()
    if chain.session is None:
        return outcome(session, 'tampered', 0, 0, first.key_id)
    return judge_whole(session, chain, 'head-missing')


def check_other_generation(session, log, slot, first, keys):
    """A log of another generation than the head's; None if its record 0 does not check."""
    if first.store != slot.store or first.key_id not in keys or \
            is_weak(first.key_id) > is_weak(slot.key_id):
        return outcome(session, 'tampered', 0, 0, slot.key_id)
    chain = Chain(log, keys, first).walk()
    if chain.session is None:
        return None
    state = Previous(slot.generation, slot.records, slot.mac)
    if first.generation > slot.generation and chain.session.previous == state:
        return judge_whole(session, chain, 'intact')
    return judge(session, chain, 'rolled-back')


def check_with_head(session, log, slot, keys):
    first = slot_first(session, slot)
    chain = Chain(log, keys, first).walk(slot.offset)
    if chain.offset < slot.offset or chain.count == 0:
        cut = len(log) < slot.offset and b'\n' not in chain.rest()
        verdict = 'truncated' if cut or not chain.rest().strip(b'\x00\n') else 'tampered'
        return outcome(session, verdict, chain.count, chain.offset, slot.key_id)
    if (chain.offset, chain.count, chain.mac) != (slot.offset, slot.records, slot.mac):
        # A repair that was cut short before it wrote the head leaves a log that was cut.
        is_repair = chain.record.type == b'repair' and chain.offset - chain.last <= REPAIR_SIZE_MAX
        return outcome(session, 'truncated' if is_repair else 'tampered', chain.count - 1,
                       chain.last, slot.key_id)
    return judge(session, chain.walk(), 'intact')


def verify_bytes(session, log, head, keys):
    """Checks a session by the bytes of its log and its head (None: there is no such file).
    Raises NoSession."""
    if log is None and head is None:
        raise NoSession(session)
    head = head or b''
    slot = read_head(head, session, keys)
    if slot and slot.flags & DELETED:
        raise NoSession(session)
    if log is None:
        return check_without_log(session, head, slot, keys)
    first = read_first(log)
    if slot and b'\n' not in log:
        first = None  # a line that was cut says nothing against the head
    if first and first.session != session.encode():
        return outcome(session, 'tampered', 0, 0, slot.key_id if slot else first.key_id)
    if slot is None:
        return check_without_head(session, log, first, keys)
    check = None
    if first and first.generation != slot.generation:
        check = check_other_generation(session, log, slot, first, keys)
    return check or check_with_head(session, log, slot, keys)


def read_file(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return None


def find_session(store_path, session):
    """The path of a session's files without their suffixes: where its log is, or else a head.
    None if there is no such session."""
    def has(place, suffix):
        return os.path.lexists(os.path.join(store_path, place, session + suffix))
    for suffix in ('.jsonl', '.head') if session != NIL else ():
        if suffix == '.head' and has('incoming', '.jsonl'):
            return None  # it is being taken in, and a head that is there already means nothing
        for place in ('sessions', 'trash'):
            if has(place, suffix):
                return os.path.join(store_path, place, session)
    return None


def verify_session(store_path, session, keys=None):
    """Checks one session of a store. Raises NoSession, NotAStore, OSError."""
    keys = keys or Keys.read(store_path)
    base = find_session(store_path, session)
    if base is None:
        raise NoSession(session)
    head = read_file(base + '.head')
    for _ in range(READ_TRIES):
        # A writer may be at work: log and head belong together if the head stood still.
        log = read_file(base + '.jsonl')
        before, head = head, read_file(base + '.head')
        if before == head:
            break
    return verify_bytes(session, log, head, keys)


def list_sessions(store_path):
    """The sessions outside the trash, as far as there is anything of them."""
    found = set()
    folder = os.path.join(store_path, 'sessions')
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        stem, suffix = os.path.splitext(name)
        if suffix in ('.jsonl', '.head') and UUID.fullmatch(os.fsencode(stem)) and \
                find_session(store_path, stem) == os.path.join(folder, stem):
            found.add(stem)
    return sorted(found)


# ---- Building stores for tests ---------------------------------------------------

TIME = '2026-11-22T23:54:13.123456Z'
TIME_US = 1795391653123456
STORE_ID = '5a7e0000-0000-4000-8000-000000000001'


class Store(collections.namedtuple('Store', 'path store_id keys')):
    """A store that was made, with its keys."""

    def write(self, session, log=None, head=None):
        """Puts a session's files in place; None takes a file away."""
        for suffix, raw in (('.jsonl', log), ('.head', head)):
            path = os.path.join(self.path, 'sessions', session + suffix)
            if raw is not None:
                write_file(path, raw)
            elif os.path.exists(path):
                os.unlink(path)

    def verify(self, session):
        return verify_session(self.path, session, self.keys)


def write_file(path, raw):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'wb') as file:
        file.write(raw)


def make_key_file(secret, host='host', rounds=ROUNDS_MIN, made=TIME):
    before = (f'holdfast-key 1\nsecret {b64encode(secret).decode()}\nhost {host}\n'
              f'rounds {rounds}\nmade {made}\n').encode()
    return before + b'check ' + b64encode(hashlib.sha256(before).digest()) + b'\n'


def make_store(path, secret=bytes(range(32)), host='host', rounds=ROUNDS_MIN,
               store_id=STORE_ID, key_dir=None):
    """Makes the directories and files of an empty store; secret None makes no secret."""
    key_dir = key_dir or os.path.join(path, 'keys')
    for folder in (path, key_dir, os.path.join(path, 'sessions'), os.path.join(path, 'quarantine')):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    write_file(os.path.join(path, 'holdfast.json'),
               f'{{"holdfast":1,"store":"{store_id}","created":"{TIME}"}}\n'.encode())
    if secret is not None:
        write_file(os.path.join(key_dir, 'machine_secret'), make_key_file(secret, host, rounds))
    keys = Keys(store_id, None if secret is None else (secret, host.encode(), rounds))
    return Store(path, store_id, keys)


def put_foreign_key(store, of, name=None, raw=None):
    """Puts another store's key file among the keys of a store, and returns this with the keys
    that it has then. name and raw replace the directory's name and the file's bytes."""
    keys = os.path.join(store.path, 'keys')
    folder = os.path.join(keys, 'foreign', name or f'{of.store_id}.{of.keys.strong_id.decode()}')
    if raw is None:
        raw = read_file(os.path.join(of.path, 'keys', 'machine_secret'))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for path in (os.path.dirname(folder), folder):
        os.chmod(path, 0o700)
    write_file(os.path.join(folder, 'machine_secret'), raw)
    return store._replace(keys=Keys.read(store.path))


class Log(collections.namedtuple('Log', 'session generation key_id lines macs')):
    """A log as a list of lines (without line feeds) and their MACs."""

    def data(self, count=None):
        """The bytes of the first count records, or of all."""
        return b''.join(line + b'\n' for line in self.lines[:count])

    def offset(self, count=None):
        return sum(len(line) + 1 for line in self.lines[:count])

    def previous(self, count=None):
        """What record 0 of the next generation says of this one with count records."""
        count = len(self.lines) if count is None else count
        return (f'{{"generation":{self.generation},"records":{count},'
                f'"mac":"{b64encode(self.macs[count - 1]).decode()}"}}')


def make_line(key, previous_mac, body):
    """Signs any bytes as a record's line; returns the line and its MAC."""
    mac = hmac256(key, previous_mac + body)
    return body + b',"mac":"' + b64encode(mac) + b'"}', mac


def make_body(n, kind, data, record_id=None, at=TIME):
    name = f'"id":"{record_id}",' if record_id else ''
    return f'{{"n":{n},"at":"{at}",{name}"type":"{kind}","data":{data}'.encode()


def make_first_data(store, session, generation=0, key_id=None, /, **members):
    """The data of record 0; members (JSON texts) replace those given here or add to them."""
    key_id = (key_id or store.keys.strong_id or store.keys.weak_id).decode()
    data = {'format': '1', 'session': f'"{session}"', 'store': f'"{store.store_id}"',
            'generation': str(generation), 'key': f'"{key_id}"', 'created': f'"{TIME}"',
            'name': 'null', 'project': 'null', 'config': '{}', 'origin': 'null',
            'pinned': 'false', 'tags': '[]', 'former': '[]', 'previous': 'null', 'records': '1'}
    data.update((name, str(value)) for name, value in members.items() if value is not None)
    return '{' + ','.join(f'"{name}":{value}' for name, value in data.items()) + '}'


def make_time(n):
    """The time of record n when each record is a write of its own."""
    return f'2026-11-22T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.123456Z'


def make_log(store, session, records=(), /, generation=0, key_id=None, bodies=None, batches=(),
             **members):
    """Signs a log: record 0 with the given members, then records (type, data[, id]), each as
    a write of its own, but those whose numbers are in one of the ranges of batches. With
    bodies these are signed instead of everything, whatever they are."""
    key_id = key_id or store.keys.strong_id or store.keys.weak_id
    key = store.keys.session_key(key_id, session, generation)
    if bodies is None:
        first = make_first_data(store, session, generation, key_id, **members)
        written = {n: batch[0] for batch in batches for n in batch}
        bodies = [make_body(n, *record, at=make_time(written.get(n, n)))
                  for n, record in enumerate([('session', first), *records])]
    log = Log(session, generation, key_id, [], [])
    mac = bytes(MAC_SIZE)
    for body in bodies:
        line, mac = make_line(key, mac, body)
        log.lines.append(line)
        log.macs.append(mac)
    return log


def make_slot(store, log, counter, records=None, flags=0, texts=(b'', b'', b'', b''), **fields):
    """One signed slot that tells of the first records of a log. fields (magic, session,
    generation, offset, mac, key_id, sizes, former) replace what the log gives."""
    records = len(log.lines) if records is None else records
    key_id = fields.get('key_id', log.key_id)
    session = uuid.UUID(fields.get('session', log.session)).bytes
    mac = log.macs[records - 1] if 1 <= records <= len(log.macs) else bytes(MAC_SIZE)
    before = SLOT.pack(
        fields.get('magic', MAGIC), counter, session, fields.get('generation', log.generation),
        records, fields.get('offset', log.offset(records)), fields.get('mac', mac), key_id, flags,
        TIME_US, TIME_US, sum(b'"type":"message",' in line for line in log.lines[:records]),
        *fields.get('sizes', map(len, texts)), fields.get('former', b'')) + b''.join(texts)
    raw = before + hmac256(store.keys.head_key(key_id, uuid.UUID(log.session).bytes), before)
    return raw + bytes(SLOT_SIZE - len(raw))


def make_head(store, log, counter=None, records=None, flags=0, **fields):
    """A head as a writer leaves it that appended one record at a time: the slots of the last
    two counters. counter is the number of records unless given."""
    records = len(log.lines) if records is None else records
    counter = records if counter is None else counter
    slots = {counter % SLOTS: make_slot(store, log, counter, records, flags, **fields)}
    if counter > 1:
        slots[(counter - 1) % SLOTS] = make_slot(store, log, counter - 1, max(records - 1, 1))
    return b''.join(slots.get(place, bytes(SLOT_SIZE)) for place in range(SLOTS))


# ---- The command -----------------------------------------------------------------


def check_all(options, keys):
    """Prints the checks; returns the exit status."""
    worst, status = 'intact', 0
    for session in options.sessions or list_sessions(options.store):
        try:
            check = verify_session(options.store, session, keys)
        except NoSession:
            if options.sessions:
                print(f'{session}: no such session', file=sys.stderr)
                status = EXIT_NOT_FOUND
            continue
        worst = gravest(worst, check['verdict'])
        print(json.dumps(check))
    return EXITS[worst] or status


def main(arguments=None):
    parser = argparse.ArgumentParser(description='Checks the sessions of a Holdfast store.')
    parser.add_argument('store', metavar='STORE')
    parser.add_argument('sessions', metavar='SESSION-UUID', nargs='*')
    parser.add_argument('--key-dir', metavar='DIR', help='where the secret lies')
    options = parser.parse_intermixed_args(arguments)
    if not all(UUID.fullmatch(os.fsencode(session)) for session in options.sessions):
        parser.error('a session is named by its whole UUID in lower case')
    try:
        return check_all(options, Keys.read(options.store, options.key_dir))
    except NotAStore:
        print(f'{options.store}: not a store of version 1', file=sys.stderr)
        return EXIT_NOT_A_STORE
    except OSError as error:
        print(error, file=sys.stderr)
        return EXIT_DENIED if isinstance(error, PermissionError) else EXIT_IO


if __name__ == '__main__':
    sys.exit(main())
