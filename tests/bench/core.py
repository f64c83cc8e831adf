# SPDX-License-Identifier: GPL-3.0-or-later
"""What the signalling core costs by itself: messages a second, and whether a message costs more in a larger call. Time
tells what a person gets, with the caches that 50 members miss; instructions tell whether there is more to do."""

import json
import pathlib
import statistics
import subprocess
import tempfile

from measure import table

SIZES = (2, 10, 50)
RUNS = 5


COUNTED = 5000


def instructions(built, n, function):
    """A message, within a function of the program."""
    with tempfile.TemporaryDirectory() as folder:
        counts = pathlib.Path(folder, 'counts')
        subprocess.run(['valgrind', '--quiet', '--tool=callgrind', f'--callgrind-out-file={counts}',
                        f'--toggle-collect={function}', built / 'bench-call-core', str(n), str(COUNTED)],
                       stdout=subprocess.DEVNULL, check=True)
        total = next(line for line in counts.read_text().splitlines() if line.startswith('summary:'))
    return int(total.split()[1]) / COUNTED


def run(_programs, built):
    """The paragraphs of the section."""
    results = {n: [] for n in SIZES}
    for _ in range(RUNS):
        for n in SIZES:
            done = subprocess.run([built / 'bench-call-core', str(n)], stdout=subprocess.PIPE, check=True)
            results[n].append(json.loads(done.stdout))
    counted = {n: [instructions(built, n, name) for name in ('bring_messages', 'bring_syncs')] for n in SIZES}

    def cost(n, seconds, count):
        """µs a message, of the median run."""
        return statistics.median(r[seconds] / r[count] for r in results[n]) * 1e6

    rows = []
    for n in SIZES:
        received, synced = cost(n, 'receivedSeconds', 'received'), cost(n, 'syncedSeconds', 'received')
        sent = cost(n, 'sentSeconds', 'sent')
        base = cost(SIZES[0], 'receivedSeconds', 'received')
        size = statistics.median(r['bytes'] for r in results[n]) / 1024
        ratios = [f'{of / base:.2f}' for of, base in zip(counted[n], counted[SIZES[0]])]
        rows.append([n, f'{1e6 / received:,.0f}', f'{received:.2f}', f'{received / base:.2f}', f'{synced:.2f}',
                     f'{counted[n][0]:,.0f}', ratios[0], f'{counted[n][1]:,.0f}', ratios[1], f'{sent:.2f}',
                     f'{size:.0f}', f'{size / n:.1f}'])
    columns = ['members', 'messages/s in', 'µs a message in', 'ratio', 'µs with a sync each',
               'instructions a message in', 'ratio', 'with a sync each', 'ratio', 'µs a message out', 'KiB of the call',
               'KiB a member']
    return ['One handler with a call in which all are connected, on fakes: no network, disk, Olm or media; candidates '
            'and metadata by turns, as parsed JSON, from each member in turn; a mute is a message to each of them. '
            f'Medians of {RUNS}; ratios are to {SIZES[0]} members; instructions as callgrind counts them. The goal is 100,000 messages a second and a cost '
            'that does not grow with the call.', table(columns, rows)]
