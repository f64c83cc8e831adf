#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""C is laid out by clang-format, Blueprint by its own formatter; each source file starts with its licence."""

import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LICENCE = 'SPDX-License-Identifier: GPL-3.0-or-later'


def sources(*suffixes):
    found = [p for folder in ('src', 'tests', 'data') for p in (TOP / folder).rglob('*') if p.suffix in suffixes]
    return [str(p.relative_to(TOP)) for p in sorted(found)]


def run(*command):
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def main():
    wrong = []
    clang_format = os.environ.get('CLANG_FORMAT') or shutil.which('clang-format-19')
    if clang_format is None:
        wrong.append('there is no clang-format-19: ./dev setup')
    else:
        code, text = run(clang_format, '--dry-run', '-Werror', *sources('.c', '.h'))
        if code:
            wrong.append('\n'.join(text.splitlines()[:40]) + '\nnot as ./dev format lays it out')
    templates = sources('.blp')
    if templates:
        code, text = run('blueprint-compiler', 'format', *templates)
        if code:
            wrong.append('\n'.join(text.splitlines()[:40]) + '\nnot as ./dev format lays it out')
    for name in sources('.c', '.h', '.blp', '.py', '.mjs', '.js'):
        # A script's first line names its interpreter.
        if LICENCE not in ''.join((TOP / name).read_text().splitlines(keepends=True)[:2]):
            wrong.append(f'{name}: the licence line is missing')
    print('\n'.join(wrong) or 'as it should be')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
