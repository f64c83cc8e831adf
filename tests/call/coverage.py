#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the stories of `call`, built so that each line is counted, and sees to it that at least so many per cent ran:

    coverage.py FOLDER-OF-OBJECTS PER-CENT PROGRAM…
"""

import json
import pathlib
import subprocess
import sys


def count(objects):
    """File → {line: how often it ran}, of the room's own .c files."""
    lines = {}
    for path in sorted(objects.glob('*.gcda')):
        done = subprocess.run(['gcov', '--json-format', '--stdout', path.name], cwd=objects, stdout=subprocess.PIPE,
                              text=True, check=True)
        for text in done.stdout.splitlines():
            for file in json.loads(text)['files']:
                name = pathlib.PurePath(file['file'])
                if name.suffix != '.c' or name.parent.name != 'call':
                    continue
                counts = lines.setdefault(name.name, {})
                for line in file['lines']:
                    number = line['line_number']
                    counts[number] = counts.get(number, 0) + line['count']
    return lines


def main(folder, wanted, programs):
    objects = pathlib.Path(folder)
    for path in objects.glob('*.gcda'):
        path.unlink()
    for program in programs:
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout[-3000:])
            return f'{program} failed'
    lines = count(objects)
    n_lines = sum(len(counts) for counts in lines.values())
    n_ran = sum(1 for counts in lines.values() for n in counts.values() if n > 0)
    for name, counts in sorted(lines.items()):
        never = [number for number, n in sorted(counts.items()) if n == 0]
        if never:
            print(f'{name}: {len(never)} of {len(counts)} lines never ran: {" ".join(map(str, never))}')
    if n_lines == 0:
        return 'no line was counted'
    share = 100 * n_ran / n_lines
    print(f'{n_ran} of {n_lines} lines of {len(lines)} files ran: {share:.2f} %')
    return 0 if share >= wanted else f'less than {wanted} % ran'


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
