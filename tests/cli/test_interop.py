#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sessions of other agents, through the command from end to end: what was counted
independently of the importer (tests/data/*/expected.json) is what the store holds; the
original bytes come back; importing again changes nothing; nothing is written beside the store.

HOLDFAST names the command under test (build/holdfast by default).
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = TOP / 'tests/data'
HOLDFAST = os.environ.get('HOLDFAST', str(TOP / 'build/holdfast'))
# Folder of tests/data: the format that its files are recognised as.
FOLDERS = {'claude-code': 'claude-code', 'codex/0.58.0': 'codex', 'codex/0.169.0': 'codex',
           'pi': 'pi', 'gemini': 'gemini', 'gemini-json': 'gemini-json', 'opencode': 'opencode',
           'opencode-files': 'opencode-files'}
# Those whose bytes come back as a file.
FILES = {'claude-code', 'codex', 'pi', 'gemini', 'gemini-json', 'jidocode', 'openai',
         'openai-json'}
COUNTED = ('user_prompts', 'texts', 'tool_calls', 'tool_results', 'reasoning')


def tree(folder):
    """Every file below a folder with its digest."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob('*')) if path.is_file()}


def parts(message, kind):
    content = message.get('content')
    return [part for part in content if part.get('type') == kind] if isinstance(content, list) else []


def count(messages):
    """What expected.json counts, of normalised messages."""
    sums = dict.fromkeys(COUNTED, 0)
    for message in messages:
        texts = [part for part in parts(message, 'text') if part['text'].strip()]
        role = message['role']
        if role == 'user' and not message.get('summary') and (
                texts or parts(message, 'image')) and not parts(message, 'tool_result'):
            sums['user_prompts'] += 1
        if role == 'assistant' and not message.get('error'):
            sums['texts'] += len(texts)
        sums['tool_calls'] += len(parts(message, 'tool_call'))
        sums['tool_results'] += len(parts(message, 'tool_result'))
        sums['reasoning'] += len(parts(message, 'thinking'))
    return sums


class InteropTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.scratch = pathlib.Path(self.folder.name)
        for name in ('home', 'run', 'config', 'source'):
            (self.scratch / name).mkdir(mode=0o700)
        self.environment = {
            'PATH': os.environ['PATH'], 'HOME': str(self.scratch / 'home'), 'TZ': 'UTC',
            'XDG_RUNTIME_DIR': str(self.scratch / 'run'),
            'XDG_CONFIG_HOME': str(self.scratch / 'config'),
            'HOLDFAST_STORE': str(self.scratch / 'store'), 'HOLDFAST_DURABILITY': 'os'}
        for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def tearDown(self):
        self.folder.cleanup()

    def holdfast(self, *arguments, status=0, text=True):
        done = subprocess.run([HOLDFAST, *map(str, arguments)], env=self.environment, text=text,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              cwd=self.scratch / 'home', timeout=300)
        self.assertEqual(done.returncode, status, f'{arguments}: {done.stderr}')
        return done.stdout

    def import_all(self, *arguments, status=0):
        return json.loads(self.holdfast('import', '--json', *arguments, status=status))

    def copy(self, name):
        """A copy of a folder of tests/data, which must come out of it all unchanged."""
        to = self.scratch / 'source' / name.replace('/', '-')
        shutil.copytree(DATA / name, to)
        return to

    def messages(self, session):
        """The views of the messages of the current branch."""
        return [record['data'] for record in json.loads(self.holdfast('show', '--json', session))]


class Imports(InteropTest):
    def find(self, sessions, expected):
        """The item of an import that an entry of expected.json is about."""
        for item in sessions:
            if expected['session_id'] and item['foreign'] and \
                    expected['session_id'].endswith(item['foreign']):
                return item
            if any(item['path'].endswith(name) for name in expected['files']):
                return item
        return None

    def check_folder(self, folder, form):
        source = self.copy(folder)
        before = tree(source)
        done = self.import_all(source)
        self.assertEqual(done['failed'], 0)
        described = json.loads((DATA / folder / 'expected.json').read_text())
        seen = 0
        for expected in described['sessions']:
            item = self.find(done['sessions'], expected)
            if item is None:
                continue  # left out of tests/data for its size
            seen += 1
            with self.subTest(folder=folder, session=expected['name']):
                self.assertEqual(item['format'], form)
                self.assertEqual(item['outcome'], 'new')
                self.check_session(item, expected)
        self.assertGreater(seen, 3)
        self.assertEqual(tree(source), before)
        again = self.import_all(source)
        self.assertEqual(again['unchanged'], done['new'])
        self.assertEqual((again['records'], again['new'], again['failed']), (0, 0, 0))
        self.assertEqual(tree(source), before)

    def check_session(self, item, expected):
        messages = self.messages(item['session'])
        sums = count(messages)
        counted = {**dict.fromkeys(COUNTED, 0), **expected['in_files']}
        # Calls that a resumed Gemini session has only as parts have their results there too.
        counted['tool_results'] += counted.get('calls_only_as_parts', 0)
        self.assertEqual(sums, {name: counted[name] for name in COUNTED})
        if expected.get('first_user_text') is not None:
            first = next(m for m in messages if m['role'] == 'user' and parts(m, 'text'))
            self.assertIn(expected['first_user_text'].strip(), parts(first, 'text')[0]['text'])

    def test_counts_made_independently_are_those_of_the_store(self):
        for folder, form in FOLDERS.items():
            if (DATA / folder / 'expected.json').exists():
                self.check_folder(folder, form)

    def test_a_dry_run_changes_nothing(self):
        source = self.copy('pi')
        done = self.import_all('--dry-run', source)
        self.assertGreater(done['new'], 3)
        self.assertFalse((self.scratch / 'store').exists())
        real = self.import_all(source)
        self.assertEqual(real['messages'], done['messages'])
        self.assertEqual(real['records'], done['records'])

    def test_two_imports_at_once_make_nothing_twice(self):
        source = self.copy('claude-code')
        runs = [subprocess.Popen([HOLDFAST, 'import', '--json', str(source)],
                                 env=self.environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(4)]
        outcomes = []
        for run in runs:
            out, complaints = run.communicate(timeout=300)
            self.assertEqual(run.returncode, 0, complaints)
            outcomes.append(json.loads(out))
        once = self.import_all(source)
        self.assertEqual(sum(o['records'] for o in outcomes), sum(
            len([1 for line in self.holdfast('log', item['session']).splitlines()
                 if '"source":{' in line and '"of":true' not in line])
            for item in once['sessions'] if item['session']))
        self.assertEqual(once['records'], 0)

    def test_what_is_new_is_appended(self):
        source = self.copy('pi')
        path = max(source.rglob('*.jsonl'), key=lambda p: p.stat().st_size)
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        # Cut in the middle of a line, as a program that is still writing leaves it.
        path.write_bytes(b''.join(lines[:len(lines) // 2]) + lines[len(lines) // 2][:20])
        first = self.import_all(path)
        self.assertEqual(first['bad'], 1)
        path.write_bytes(whole)
        second = self.import_all(path)
        self.assertEqual(second['added'], 1)
        session = second['sessions'][0]['session']
        self.assertEqual(session, first['sessions'][0]['session'])
        self.assertEqual(self.holdfast('export', session, '--to', 'original', text=False), whole)
        path.write_bytes(whole[:len(whole) // 2])
        third = self.import_all(path)
        self.assertEqual(third['truncated'], 1)
        path.write_bytes(whole.replace(b'user', b'uSer'))
        fourth = self.import_all(path)
        self.assertEqual(fourth['rewritten'], 1)
        self.assertEqual(self.holdfast('export', session, '--to', 'original', text=False),
                         whole.replace(b'user', b'uSer'))
        path.write_bytes(whole)
        self.assertEqual(self.import_all(path)['unchanged'], 1)


class Signatures(InteropTest):
    """JidoCode's sessions, by hand: what the original program says of each file is compared in
    tests/unit/test_format_jidocode.c."""

    def setUp(self):
        super().setUp()
        self.source = self.copy('jidocode')
        (self.source / 'machine_secret').chmod(0o600)
        self.signed = next(self.source.glob('6_roles_todos.*.json'))
        self.options = ['--secret', self.source / 'machine_secret', '--hostname', 'vm']

    def variant(self, name):
        return next((self.source / 'variants').glob(f'{name}.*.json'))

    def verdicts(self):
        done = subprocess.run([HOLDFAST, 'verify', '--all', '--json'], env=self.environment,
                              stdout=subprocess.PIPE, text=True, check=False)
        return {item['session']: item['verdict'] for item in json.loads(done.stdout)}

    def test_a_tampered_one_is_refused(self):
        self.import_all(*self.options, self.signed)
        told = self.import_all(*self.options, self.variant('tampered_content'), status=19)
        self.assertEqual((told['failed'], told['records']), (1, 0))
        self.import_all('--secret', self.source / 'machine_secret', '--hostname', 'other',
                        self.signed, status=19)

    def test_an_unsigned_one_is_taken_only_if_asked_and_marked_for_ever(self):
        self.import_all(*self.options, self.variant('unsigned'), status=28)
        told = self.import_all(*self.options, '--allow-unsigned', self.variant('unsigned'))
        session = told['sessions'][0]['session']
        self.assertEqual(self.verdicts(), {session: 'unsigned'})
        self.holdfast('append', session, '--text', 'signed now')
        self.assertEqual(self.verdicts(), {session: 'unsigned'})

    def test_an_unsigned_one_never_becomes_part_of_a_signed_one(self):
        first = self.import_all(*self.options, self.signed)['sessions'][0]['session']
        done = self.import_all(*self.options, '--allow-unsigned', self.variant('unsigned'))
        second = done['sessions'][0]['session']
        self.assertNotEqual(first, second)
        self.assertEqual(self.verdicts(), {first: 'intact', second: 'unsigned'})
        for source in (self.signed, self.variant('unsigned')):
            again = self.import_all(*self.options, '--allow-unsigned', source)
            self.assertEqual((again['unchanged'], again['records']), (1, 0))

    def test_nor_a_signed_one_part_of_an_unsigned_one(self):
        first = self.import_all('--allow-unsigned',
                                self.variant('unsigned'))['sessions'][0]['session']
        second = self.import_all(*self.options, self.signed)['sessions'][0]['session']
        self.assertEqual(self.verdicts(), {first: 'unsigned', second: 'intact'})

    def test_what_is_exported_is_what_the_original_program_signed(self):
        secret = self.source / 'salt2025/machine_secret'
        secret.chmod(0o600)
        options = ['--secret', secret, '--hostname', 'vm']
        for path in (self.source / 'salt2025').glob('*.json'):
            session = self.import_all(*options, path)['sessions'][0]['session']
            for more in ([], ['--convert']):
                out = self.holdfast('export', session, '--to', 'jidocode', *options, *more,
                                    text=False)
                self.assertEqual(out, path.read_bytes())


class RoundTrips(InteropTest):
    def test_original_bytes_come_back(self):
        tried = set()
        for folder in sorted(p.name for p in DATA.iterdir() if p.is_dir()):
            if folder in ('opencode', 'opencode-files', 'hostile'):
                continue
            source = self.copy(folder)
            arguments = ['--allow-unsigned'] if folder == 'jidocode' else []
            done = json.loads(subprocess.run(
                [HOLDFAST, 'import', '--json', *arguments, str(source)], env=self.environment,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout)
            for item in done['sessions']:
                # Copies of one session, each written over the other, share theirs.
                if item['outcome'] != 'new' or item['format'] not in FILES:
                    continue
                if [i['session'] for i in done['sessions']].count(item['session']) > 1:
                    continue
                with self.subTest(path=item['path']):
                    self.check_one(item)
                    tried.add(item['format'])
        self.assertGreaterEqual(tried, {'claude-code', 'codex', 'pi', 'gemini', 'gemini-json'})

    def check_one(self, item):
        path = pathlib.Path(item['path'])
        to = self.scratch / 'out' / item['session']
        to.mkdir(parents=True)
        told = json.loads(self.holdfast('export', item['session'], '--to', 'original', '--json',
                                        '-o', to))
        self.assertTrue(told['original'])
        self.assertEqual(told['path'], str(to / path.name))
        for name, digest in tree(to).items():
            original = path.parent / name
            self.assertEqual(digest, hashlib.sha256(original.read_bytes()).hexdigest(), name)
            self.assertEqual((to / name).stat().st_mode & 0o777, 0o600)
        beside = path.with_suffix('')
        if beside.is_dir():
            self.assertEqual({f'{beside.name}/{n}' for n in tree(beside)} | {path.name},
                             set(tree(to)))

    def test_every_format_can_be_made_of_every_other(self):
        formats = [f['name'] for f in json.loads(self.holdfast('import', '--formats', '--json'))
                   if f['export'] and f['name'] != 'jidocode']
        self.assertGreaterEqual(len(formats), 7)
        for folder, form in FOLDERS.items():
            if not (DATA / folder).exists():
                continue
            done = self.import_all(self.copy(folder))
            item = max(done['sessions'], key=lambda i: i['messages'])
            for to in formats:
                with self.subTest(origin=form, to=to):
                    self.check_conversion(item, to)

    def check_conversion(self, item, to):
        out = self.holdfast('export', item['session'], '--to', to, '--convert', '--quiet')
        text = next(part['text'] for message in self.messages(item['session'])
                    if message['role'] == 'user' for part in parts(message, 'text'))
        words = text.split()[0].strip('"`')
        self.assertIn(words, out)
        if to in ('markdown', 'html'):
            return
        # What was made is read back: as many calls and results, the same first words.
        path = self.scratch / 'made'
        path.write_text(out)
        self.environment['HOLDFAST_STORE'] = str(self.scratch / 'second')
        try:
            made = self.import_all(to, path)
            again = made['sessions'][0]
            self.assertEqual((again['outcome'], again['bad']), ('new', 0))
            found = count(self.messages(again['session']))
        finally:
            self.environment['HOLDFAST_STORE'] = str(self.scratch / 'store')
            shutil.rmtree(self.scratch / 'second', ignore_errors=True)
        self.assertGreater(found['user_prompts'], 0)
        self.assertEqual(found['tool_calls'], found['tool_results'])


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0]])
