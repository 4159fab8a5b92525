#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the style and the script of the HTML page into C.

    tools/embed.py page.css page.js > page_asset.c

The texts are kept byte for byte, and the policy of the page names their SHA-256; see
src/interop/page_asset.h.
"""
import base64
import hashlib
import pathlib
import sys

POLICY = ("default-src 'none'; img-src data:; style-src '{style}'; script-src '{script}'; "
          "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
          "trusted-types 'none'")


def source(text):
    """What a browser takes the hash of."""
    return 'sha256-' + base64.b64encode(hashlib.sha256(text).digest()).decode()


def array(name, text):
    """An array and its size. No string literal may be as long as these texts."""
    rows = [', '.join(str(byte) for byte in text[at:at + 24]) for at in range(0, len(text), 24)]
    body = ''.join(f'\t{row},\n' for row in rows)
    return (f'const char {name}[] = {{\n{body}}};\n'
            f'const size_t {name}_size = sizeof {name};\n')


def main():
    style, script = (pathlib.Path(path).read_bytes() for path in sys.argv[1:3])
    for text in (style, script):
        # A browser reads other bytes than these if a tag ends within, or lines end otherwise.
        if b'</' in text or b'<!--' in text or b'\r' in text or not text.isascii():
            sys.exit('embed.py: a text holds </, <!--, a carriage return or more than ASCII')
    print('/* Made by tools/embed.py. */\n#include "interop/page_asset.h"\n')
    print(array('page_asset_style', style))
    print(array('page_asset_script', script))
    print(f'const char page_asset_policy[] = "{POLICY.format(style=source(style), script=source(script))}";')


if __name__ == '__main__':
    main()
