#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints "PASSED FAILED" for a testlog.json of Meson.

The cases that a program reports in TAP count one each; any other test counts as one. A
program that fails in a way its cases do not show counts as one failure more.
"""
import json
import re
import sys

CASE = re.compile(r'^(ok|not ok)\b(?:.*(# *skip))?', re.I)


def cases(output):
    """Cases passed and failed in TAP text; what was skipped is neither."""
    passed = failed = 0
    for line in output.splitlines():
        found = CASE.match(line)
        if found and not found.group(2):
            if found.group(1).lower() == 'ok':
                passed += 1
            else:
                failed += 1
    return passed, failed


def main(path):
    passed = failed = 0
    with open(path, encoding='utf-8') as log:
        for line in log:
            test = json.loads(line)
            ok = test['result'] in ('OK', 'EXPECTEDFAIL')
            if test['result'] == 'SKIP':
                continue
            good, bad = cases(test.get('stdout', ''))
            if good + bad == 0:
                good, bad = (1, 0) if ok else (0, 1)
            elif not ok and bad == 0:
                bad = 1
            passed += good
            failed += bad
    print(passed, failed)


if __name__ == '__main__':
    main(sys.argv[1])
