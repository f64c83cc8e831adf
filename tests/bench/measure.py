# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes cost: processor time and memory, and how such numbers are written down."""

import pathlib
import time


def processes():
    """Every process with its parent."""
    found = {}
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            # The name may hold anything, so count from its closing bracket.
            found[int(folder.name)] = int((folder / 'stat').read_text().rpartition(')')[2].split()[1])
        except (OSError, ValueError):
            continue  # it has ended
    return found


def tree(root, with_root=True):
    """A process and all that it started, or only the latter."""
    children = {}
    for pid, parent in processes().items():
        children.setdefault(parent, []).append(pid)
    out, todo = [], [root]
    while todo:
        pid = todo.pop()
        out.append(pid)
        todo += children.get(pid, [])
    return out if with_root else out[1:]


def cpu_ms(pid):
    """Processor time of a process with all its threads, those that ended too."""
    try:
        return time.clock_gettime_ns((~pid << 3) | 2) / 1e6  # its CPUCLOCK_SCHED, see clock_getcpuclockid(3)
    except OSError:
        return 0.0


def memory_kib(pid, *fields):
    """The sum of these fields of smaps_rollup: Pss, Private_Dirty, Private_Clean…"""
    try:
        lines = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.split(':')[0] in fields)


def memory(pids):
    """MiB of these processes, what they share counted once."""
    return sum(memory_kib(pid, 'Pss') for pid in pids) / 1024


class Window:
    """Processor time of processes between two moments, in per cent of one core, and the seconds between."""

    def __init__(self, pids):
        self.before = {pid: cpu_ms(pid) for pid in pids}
        self.start = time.monotonic()

    def end(self, pids):
        spent = sum(cpu_ms(pid) - self.before.get(pid, 0.0) for pid in pids)
        seconds = time.monotonic() - self.start
        return spent / seconds / 10, seconds


def table(columns, rows):
    """A Markdown table that is also aligned on a terminal."""
    cells = [list(columns)] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = ['| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths)) + ' |' for row in cells]
    lines.insert(1, '|' + '|'.join('-' * (width + 2) for width in widths) + '|')
    return '\n'.join(lines)
