# SPDX-License-Identifier: GPL-3.0-or-later
"""What the signalling core costs by itself: messages a second, and whether a message costs more in a larger call."""

import json
import statistics
import subprocess

from measure import table

SIZES = (2, 10, 50)
RUNS = 5


def run(_programs, built):
    """The paragraphs of the section."""
    results = {n: [] for n in SIZES}
    for _ in range(RUNS):
        for n in SIZES:
            done = subprocess.run([built / 'bench-call-core', str(n)], stdout=subprocess.PIPE, check=True)
            results[n].append(json.loads(done.stdout))

    def cost(n, seconds, count):
        """µs a message, of the median run."""
        return statistics.median(r[seconds] / r[count] for r in results[n]) * 1e6

    rows = []
    for n in SIZES:
        received, synced = cost(n, 'receivedSeconds', 'received'), cost(n, 'syncedSeconds', 'received')
        sent = cost(n, 'sentSeconds', 'sent')
        base = cost(SIZES[0], 'receivedSeconds', 'received')
        size = statistics.median(r['bytes'] for r in results[n]) / 1024
        rows.append([n, f'{1e6 / received:,.0f}', f'{received:.2f}', f'{received / base:.2f}', f'{synced:.2f}',
                     f'{sent:.2f}', f'{size:.0f}', f'{size / n:.1f}'])
    columns = ['members', 'messages/s in', 'µs a message in', 'ratio', 'µs with a sync each', 'µs a message out',
               'KiB of the call', 'KiB a member']
    return ['One handler with a call in which all are connected, on fakes: no network, disk, Olm or media; candidates '
            'and metadata by turns, as parsed JSON, from each member in turn; a mute is a message to each of them. '
            f'Medians of {RUNS}; the ratio is to {SIZES[0]} members. The goal is 100,000 messages a second and a cost '
            'that does not grow with the call.', table(columns, rows)]
