#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keeps the lists of files in the meson.build of each folder.

    tools/sources.py           write the lists anew from what is in the folders
    tools/sources.py --check   say what is missing from a list or stands there in vain

Meson wants explicit lists, so that a stray file never slips into a build. This writes
them; the tidy test check-sources runs it with --check.
"""
import argparse
import fnmatch
import pathlib
import re
import sys

# Folder: variable of its meson.build: patterns of the files that belong to it.
TABLE = {
    'src/base': {'core_sources': ['*.c']},
    'src/sys': {'sys_sources': ['*.c']},
    'src/crypto': {'core_sources': ['*.c']},
    'src/json': {'core_sources': ['*.c']},
    'src/format': {'core_sources': ['*.c']},
    'src/storage': {'core_sources': ['*.c']},
    'src/keys': {'core_sources': ['*.c']},
    'src/limit': {'core_sources': ['*.c']},
    'src/log': {'core_sources': ['*.c']},
    'src/store': {'core_sources': ['*.c']},
    'src/ext': {'core_sources': ['*.c']},
    'src/redact': {'core_sources': ['*.c']},
    'src/interop': {'core_sources': ['*.c']},
    'src/cli': {'cli_sources': ['*.c']},
    'tests/lib': {'testlib_sources': ['*.c']},
    'tests/unit': {'unit_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/contract': {'contract_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/tamper': {'tamper_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/crash': {'crash_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/torture': {'torture_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/concurrent': {'concurrent_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/regress': {'regress_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/verify': {'verify_tests': ['test_*.c', 'test_*.py', 'test_*.sh']},
    'tests/cli': {'cli_tests': ['*.bats', 'test_*.py']},
    'tests/fuzz': {'fuzz_targets': ['fuzz_*.c'], 'fuzz_helpers': ['*.c']},
    'bench': {'bench_programs': ['bench_*.c'], 'bench_helpers': ['*.c']},
    'examples': {'example_programs': ['*.c']},
    'man': {'man_pages': ['*.1', '*.3', '*.5', '*.7']},
}
# Kept out of every list: the folder's own meson.build names these.
APART = {'tests/fuzz/replay.c'}
# What marks a test that makes allocations fail.
WRAPS = re.compile(r'^#include "lib/alloc_fault\.h"', re.M)
HEAD = '# SPDX-License-Identifier: MIT\n'


def expected(root, folder, lists):
    """The files of each list, each file in the first list whose pattern it matches."""
    names = sorted(p.name for p in (root / folder).iterdir() if p.is_file())
    result = {variable: [] for variable in lists}
    for name in names:
        if f'{folder}/{name}' in APART:
            continue
        for variable, patterns in lists.items():
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                result[variable].append(name)
                break
    return result


def list_pattern(variable):
    return re.compile(r'^%s \+?= files\(([^)]*)\)$' % re.escape(variable), re.M)


def listed(text, variable):
    found = list_pattern(variable).search(text)
    return None if found is None else re.findall(r"'([^']*)'", found.group(1))


def written(variable, names, add):
    body = ''.join(f"\n\t'{name}'," for name in names)
    return f'{variable} {"+=" if add else "="} files({body}{chr(10) if names else ""})'


def allocation_tests(root):
    """The test programs that make allocations fail, which are linked in a way of their own."""
    names = [path.stem for path in (root / 'tests').glob('*/test_*.c')
             if WRAPS.search(path.read_text())]
    return "allocation_tests = [" + ''.join(f"\n\t'{name}'," for name in sorted(names)) + '\n]'


def update_wraps(root, check_only):
    """Puts that list into tests/meson.build, or complains that it is another."""
    path = root / 'tests/meson.build'
    if not path.exists():
        return []
    text = path.read_text()
    new = re.sub(r'^allocation_tests = \[[^\]]*\]', lambda _: allocation_tests(root), text, flags=re.M)
    if new == text:
        return []
    if check_only:
        return ['tests/meson.build: allocation_tests is not what includes "lib/alloc_fault.h"; '
                'run tools/sources.py']
    path.write_text(new)
    print(f'{path}: written')
    return []


def update(path, wanted):
    text = path.read_text() if path.exists() else HEAD
    for variable, names in wanted.items():
        line = written(variable, names, variable.endswith('_sources') and 'testlib' not in variable)
        pattern = list_pattern(variable)
        if pattern.search(text):
            text = pattern.sub(lambda _: line, text, count=1)
        else:
            text += line + '\n'
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        print(f'{path}: written')


def check(path, folder, wanted):
    """Returns the complaints about one folder."""
    if not path.exists():
        return [f'{folder}/meson.build: missing; run tools/sources.py'] if any(wanted.values()) else []
    text = path.read_text()
    complaints = []
    for variable, names in wanted.items():
        have = listed(text, variable)
        if have is None:
            complaints.append(f'{folder}/meson.build: has no list {variable}')
            continue
        complaints += [f'{folder}/{name}: not listed in meson.build; run tools/sources.py'
                       for name in names if name not in have]
        complaints += [f'{folder}/meson.build: lists {name}, which is not there'
                       for name in have if name not in names]
    return complaints


def strays(root):
    """C files of the library or its tests in folders that no list covers."""
    complaints = []
    for top in ('src', 'tests', 'bench', 'examples'):
        for path in sorted((root / top).rglob('*.c')):
            folder = path.parent.relative_to(root).as_posix()
            name = path.relative_to(root).as_posix()
            patterns = [p for lists in TABLE.get(folder, {}).values() for p in lists]
            if name in APART or any(fnmatch.fnmatchcase(path.name, p) for p in patterns):
                continue
            complaints.append(f'{name}: no list of tools/sources.py takes a file of this name in this folder')
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--check', action='store_true', help='change nothing, only complain')
    parser.add_argument('root', nargs='?', type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    complaints = strays(arguments.root)
    for folder, lists in TABLE.items():
        if not (arguments.root / folder).is_dir():
            continue
        wanted = expected(arguments.root, folder, lists)
        path = arguments.root / folder / 'meson.build'
        if arguments.check:
            complaints += check(path, folder, wanted)
        else:
            update(path, wanted)
    complaints += update_wraps(arguments.root, arguments.check)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == '__main__':
    sys.exit(main())
