#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures Confab beside a peer or a baseline in the same run: bench.py [--record] [NAME…]

Absolute numbers tell of the machine; the ratios are what counts, and no test depends on either. With --record the
tables go into RESULTS.md beside this file, those of the same name replaced.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'interop'), str(HERE.parent / 'tools')]

import calls    # noqa: E402
import core     # noqa: E402
import startup  # noqa: E402

BENCHES = {
    'startup': ('Start-up', startup.run),
    'call': ('The signalling core', core.run),
    'join': ('Joining a call', calls.join),
    'mesh': ('A mesh, not drawn', calls.mesh),
    'drawn': ('A mesh, drawn', calls.drawn),
}
RESULTS = HERE / 'RESULTS.md'
HEAD = """# Measured

By `./dev bench --record [NAME…]`: Confab beside a peer or a baseline in the same run. The ratios are what counts.
"""


def machine():
    cpuinfo = pathlib.Path('/proc/cpuinfo').read_text()
    model = re.search(r'model name\s*: (.*)', cpuinfo)
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', pathlib.Path('/etc/os-release').read_text(), re.M))
    load = os.getloadavg()[0]
    return (f'{model[1] if model else platform.machine()}, {os.cpu_count()} cores, no GPU used, '
            f'{release.get("PRETTY_NAME", "?")}, load {load:.1f} at the start')


def record(name, text):
    """Replaces the section of this name, or adds it, in the order of BENCHES."""
    sections = {}
    if RESULTS.exists():
        for part in re.split(r'^(?=## )', RESULTS.read_text(), flags=re.M)[1:]:
            sections[re.search(r'`\./dev bench (\w+)`', part)[1]] = part.strip()
    sections[name] = text
    RESULTS.write_text('\n\n'.join([HEAD.strip(), *(sections[n] for n in BENCHES if n in sections)]) + '\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(BENCHES)}; without one, all')
    parser.add_argument('--record', action='store_true', help=f'write into {RESULTS.relative_to(HERE.parents[1])}')
    args = parser.parse_args()
    unknown = set(args.names) - set(BENCHES)
    if unknown:
        parser.error(f'{", ".join(sorted(unknown))}: there are {", ".join(BENCHES)}')
    build = pathlib.Path(os.environ['CONFAB_BUILD'])
    os.environ['CONFAB_PROGRAMS'] = str(build / 'src' / 'app')
    for name in args.names or BENCHES:
        title, run = BENCHES[name]
        where = machine()
        paragraphs = run(build / 'src' / 'app', build / 'tests' / 'bench')
        text = '\n\n'.join([f'## {title}', f'{datetime.date.today()}, `./dev bench {name}`; {where}.', *paragraphs])
        print(text + '\n', flush=True)
        if args.record:
            record(name, text)


if __name__ == '__main__':
    main()
