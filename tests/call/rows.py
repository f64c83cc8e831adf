#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the programs that it is given, the stories of `call`, and sees to it that each row of each state table ran:

    rows.py PROGRAM…
    rows.py --of TABLE,… COMMAND…  runs one command, for some tables: what a fuzz target begins with goes that deep
"""

import os
import pathlib
import subprocess
import sys
import tempfile

TABLES = ('group-call', 'member', 'negotiation', 'peer-call')


def main(arguments):
    tables, commands = TABLES, [[program] for program in arguments]
    if arguments[:1] == ['--of']:
        tables, commands = arguments[1].split(','), [arguments[2:]]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'rows'
        for command in commands:
            done = subprocess.run(command, env={**os.environ, 'CONFAB_CALL_ROWS': str(path)},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                print(done.stdout[-3000:])
                return f'{" ".join(command)} failed'
        lines = path.read_text(encoding='utf-8').split('\n')[:-1]
    ran, sizes = {}, {}
    for line in lines:
        table, row, of = line.split()
        ran.setdefault(table, set()).add(int(row))
        sizes[table] = int(of)
    wrong = [f'no row of {table} ran' for table in tables if table not in ran]
    wrong += [f'{table}: a table that this test does not know' for table in ran if table not in TABLES]
    for table, size in sorted(sizes.items()):
        print(f'{table}: {len(ran[table])} of {size} rows ran')
        wrong += [f'{table}: row {row} (from 0) never ran' for row in range(size)
                  if table in tables and row not in ran[table]]
    return '\n'.join(wrong) or 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
