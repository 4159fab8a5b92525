#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Judges an exported page, by rules stricter than HTML's.

    html_judge.py PAGE

The page must be cut into tags and text by one pattern that leaves no byte over: tags in lower
case with quoted attributes, no "<" or ">" in text or values, and an ampersand only where a
reference begins. All elements are closed in order, there are one script and one style, whose
hashes the policy names, and nothing that leads, loads or runs but what is listed here. The
parser of Python's library must see the same tags.
"""
import base64
import hashlib
import html.parser
import re
import sys

VOID = {'meta', 'br', 'hr', 'img', 'input'}
ALLOWED = set('''html head meta title style body a header div input kbd output button nav details
    summary ol ul li main section h1 h2 h3 h4 h5 h6 dl dt dd strong em b i code pre span time article p
    blockquote table thead tbody tr th td ins del hr br figure img footer script'''.split())
ATTRIBUTES = set('''lang charset http-equiv content name class href id role type hidden placeholder
    autocomplete spellcheck title tabindex datetime rel target start alt decoding src'''.split())
TOKEN = re.compile(r'<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?: [a-z][a-z-]*(?:="[^"<>]*")?)*)>'
                   r'|(?P<text>[^<>]+)')
ATTRIBUTE = re.compile(r' ([a-z][a-z-]*)(?:="([^"]*)")?')
REFERENCE = re.compile(r'&(?!(?:#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,47});)')
HIDDEN = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069'
                    '\ufff9-\ufffb\U000e0000-\U000e007f]')
LINK = re.compile(r'(?:https?://|mailto:)[!#-;=?-Z\[\]_a-z~&]*\Z', re.I)
PICTURE = re.compile(r'data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}\Z')
POLICY = {'default-src': "'none'", 'img-src': 'data:', 'base-uri': "'none'", 'form-action': "'none'",
          'require-trusted-types-for': "'script'", 'trusted-types': "'none'"}


class Wrong(Exception):
    """The page breaks a rule."""


def must(holds, what):
    if not holds:
        raise Wrong(what)


def tokens(page):
    """Tags and texts; what stands in script and style is one text."""
    must(page.startswith('<!DOCTYPE html>\n'), 'no doctype')
    at = len('<!DOCTYPE html>\n')
    while at < len(page):
        match = TOKEN.match(page, at)
        must(match, f'neither tag nor text at {at}: {page[at:at + 60]!r}')
        at = match.end()
        yield match
        if match['tag'] in ('script', 'style') and not match['end']:
            end = page.index(f'</{match["tag"]}', at)
            yield page[at:end]
            at = end


def check_text(text):
    bad = REFERENCE.search(text)
    must(not bad, f'an ampersand: {text[max(0, bad.start() - 20):bad.start() + 20] if bad else ""!r}')
    bad = HIDDEN.search(text)
    must(not bad, f'a hidden character: {text!r}')


def attributes_of(match):
    found = {}
    for name, value in ATTRIBUTE.findall(match['attributes']):
        must(name not in found, f'{name} twice')
        must(not name.startswith('on') and name != 'style', f'attribute {name}')
        must(name in ATTRIBUTES or name.startswith('aria-'), f'attribute {name}')
        check_text(value)
        found[name] = value
    return found


def check_target(tag, found, anchors):
    if 'href' in found:
        must(tag == 'a', f'href of {tag}')
        if found['href'].startswith('#'):
            anchors.append(found['href'][1:])
            return
        must(LINK.match(found['href']), f'link to {found["href"]}')
        must(set(found['rel'].split()) >= {'noopener', 'noreferrer'}, 'a link without rel')
    if 'src' in found:
        must(tag == 'img' and PICTURE.match(found['src']), f'src {found["src"][:60]}')


def check_policy(policy, texts):
    rules = dict(rule.strip().split(' ', 1) for rule in policy.split(';'))
    for kind in ('style', 'script'):
        digest = hashlib.sha256(texts[kind].encode()).digest()
        must(rules.pop(f'{kind}-src') == f"'sha256-{base64.b64encode(digest).decode()}'", f'the hash of the {kind}')
    must(rules == POLICY, f'the policy {rules}')


def judge(page):
    """The tags in order, as (tag, is_end)."""
    stack, tags, ids, anchors, texts, policies = [], [], [], [], {}, []
    for token in tokens(page):
        if isinstance(token, str):
            must(stack[-1] not in texts, f'a second {stack[-1]}')
            texts[stack[-1]] = token
            continue
        if token['text'] is not None:
            check_text(token['text'])
            continue
        tag = token['tag']
        tags.append((tag, bool(token['end'])))
        must(tag in ALLOWED, f'element {tag}')
        if token['end']:
            must(stack and stack.pop() == tag, f'</{tag}> closes nothing')
            continue
        found = attributes_of(token)
        check_target(tag, found, anchors)
        ids += [found['id']] if 'id' in found else []
        if 'http-equiv' in found:
            must(found['http-equiv'] == 'Content-Security-Policy', 'another http-equiv')
            must(not texts, 'the policy comes too late')
            policies.append(found['content'])
        must(tag != 'a' or 'a' not in stack, 'a link in a link')
        if tag not in VOID:
            stack.append(tag)
    must(not stack, f'left open: {stack}')
    must(set(texts) == {'script', 'style'}, 'not one script and one style')
    must(len(ids) == len(set(ids)), 'an id twice')
    must(set(anchors) <= set(ids), f'links to nowhere: {set(anchors) - set(ids)}')
    must(len(policies) == 1, 'not one policy')
    check_policy(policies[0], texts)
    return tags


class Second(html.parser.HTMLParser):
    """Collects what the library's parser sees."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, False))

    def handle_endtag(self, tag):
        self.tags.append((tag, True))

    def handle_comment(self, data):
        raise Wrong(f'a comment: {data!r}')


def main():
    with open(sys.argv[1], encoding='utf-8', newline='') as file:
        page = file.read()
    try:
        tags = judge(page)
        second = Second()
        second.feed(page)
        second.close()
        must(second.tags == tags, 'another parser sees other tags')
    except Wrong as wrong:
        sys.exit(f'html_judge.py: {wrong}')


if __name__ == '__main__':
    main()
