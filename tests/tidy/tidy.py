# SPDX-License-Identifier: MIT
"""What the tidy tests share: finding files, removing comments, complaining.

A tidy test is a program check-NAME that takes the root of a source tree (by default the
one it stands in), prints one complaint a line as "file:line: what is wrong", and exits
with 0 (nothing wrong), 1 (complaints) or 77 (there is nothing to check, which Meson
shows as skipped). selftest plants a violation for each and sees it caught.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIP = 77

# Comments, string literals and character constants, in the order C reads them.
TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def root():
    """The tree to check: the first argument, or the one this file is in."""
    return pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE.parent.parent


def files(top, folders, suffixes):
    """The files with one of the suffixes under the folders of top, sorted."""
    found = []
    for folder in folders:
        found += [path for path in (top / folder).rglob('*')
                  if path.is_file() and path.suffix in suffixes]
    return sorted(found)


def blank(text):
    """Spaces in place of all characters but line feeds."""
    return re.sub(r'[^\n]', ' ', text)


def without_comments(text):
    """C source with its comments blanked out; lines and columns stay."""
    return TOKENS.sub(lambda m: blank(m.group()) if m.group()[0] == '/' else m.group(), text)


def code_only(text):
    """C source without comments, strings and character constants; lines and columns stay."""
    return TOKENS.sub(lambda m: blank(m.group()), text)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


class Complaints:
    """Collects what is wrong, prints it, and gives the exit status."""

    def __init__(self, top):
        self.top = top
        self.count = 0

    def add(self, path, line, message):
        if isinstance(path, pathlib.Path) and path.is_relative_to(self.top):
            path = path.relative_to(self.top)
        print(f'{path}:{line}: {message}' if line else f'{path}: {message}')
        self.count += 1

    def status(self):
        return 1 if self.count else 0
