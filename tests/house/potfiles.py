#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""po/POTFILES.in names every file with words for people and no other, in order; words are in viewmodel and ui.

potfiles.py --write brings it in line.
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
MARKED = re.compile(r'\b(?:_|C_|N_|NC_|ngettext|g_dngettext|g_dpgettext2|dgettext)\s*\(\s*"')
# The command line is said by `app` itself.
ROOMS_WITH_WORDS = ('src/viewmodel/', 'src/ui/', 'src/app/')


def without_comments(text):
    return re.sub(r'/\*.*?\*/|//[^\n]*', '', text, flags=re.S)


def has_words(path):
    return MARKED.search(without_comments(path.read_text())) is not None


def main():
    potfiles = TOP / 'po' / 'POTFILES.in'
    lines = potfiles.read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith('#')]
    wanted = {f'data/app.confab.Confab.{kind}' for kind in ('desktop.in', 'metainfo.xml.in', 'gschema.xml')}
    wrong = []
    for path in sorted((TOP / 'src').rglob('*')):
        if path.suffix not in ('.c', '.blp') or not has_words(path):
            continue
        name = str(path.relative_to(TOP))
        wanted.add(name)
        if not name.startswith(ROOMS_WITH_WORDS):
            wrong.append(f'{name}: a room below viewmodel has no words for people')
    if '--write' in sys.argv[1:]:
        comments = [line for line in lines if line.startswith('#')]
        potfiles.write_text('\n'.join([*comments, *sorted(wanted)]) + '\n')
        listed = sorted(wanted)
    wrong += [f'po/POTFILES.in lacks {name}' for name in sorted(wanted - set(listed))]
    wrong += [f'po/POTFILES.in has {name}, which has no words or is not there' for name in sorted(set(listed) - wanted)]
    if listed != sorted(listed):
        wrong.append('po/POTFILES.in is not sorted')
    print('\n'.join(wrong) or f'{len(listed)} files')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
