#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts are well-formed: bash, Python and the manual page. shellcheck looks, too."""

import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def main():
    wrong = []
    checks = []
    for name in ('dev', '.ci/run'):
        if (TOP / name).exists():
            checks.append(['bash', '-n', name])
            checks.append(['shellcheck', '-x', name])
    if shutil.which('man'):
        checks.append(['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', 'data/confab-bot.1'])
    if not shutil.which('shellcheck'):
        print('there is no shellcheck: ./dev setup')
        return 1
    for command in checks:
        done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode or (command[0] == 'man' and done.stderr):
            wrong.append(f'{" ".join(command)}: {done.stderr or done.stdout}')
    for path in sorted((TOP / 'tests').rglob('*.py')):
        try:
            compile(path.read_text(), str(path), 'exec')
        except SyntaxError as error:
            wrong.append(str(error))
    print('\n'.join(wrong) or 'as it should be')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
