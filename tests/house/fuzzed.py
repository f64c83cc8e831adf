#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fuzzer's run counts by the inputs that are its own: what `dev` says of stand-ins for fuzz targets, which write what
libFuzzer does at its end. Each target has a least number, too."""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'fuzz'))
from corpus import MAKERS     # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
INITED = '#1503\\tINITED cov: 2629 ft: 8605 corp: 211/396Kb exec/s: 250 rss: 464Mb'
# By fuzz-answers, which has few seeds to write, for a minute: what its log says of the seeds, its runs, how it ends, whether that is enough.
RUNS = (
    (INITED, 1503, 0, False),      # its seeds alone
    (INITED, 1510, 0, False),
    (INITED, 2237, 0, True),       # on a machine that was full
    (INITED, 100000, 77, False),   # it has found something
    ('', 1400, 0, False),          # it has not read them all
    ('', 100000, 0, False),
    (INITED, '', 0, False),
)


STACK = '    #0 0x5a in __sanitizer_print_stack_trace (/a/fuzz+0x1)\n    #1 0x6b in g_poll (/b.so+0x2) (BuildId: 1)\n'
# What a stand-in does that was at an input when the machine stood still: alone, the input takes as long as it says.
SLOW = """#!/bin/sh
for last; do :; done
case $last in
*-slow-unit-1) exit $(cat "$last") ;;
esac
for word; do case $word in -artifact_prefix=*) echo {alone} >"${{word#*=}}slow-unit-1" ;; esac; done
printf '{inited}\nstat::number_of_executed_units: 100000\n'
"""


def bash(folder, command):
    return subprocess.run(['bash', '-c', f'source ./functions; {command}'], cwd=folder, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def fuzz(folder, target, inited, runs, status):
    """Whether `dev` takes a run of a stand-in for a good one."""
    program = folder / '_build/clang/tests/call' / target
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\nprintf '{inited}\\nDone {runs} runs in 61 second(s)\\n'\n"
                       f"printf 'stat::number_of_executed_units: {runs}\\n'\nexit {status}\n")
    program.chmod(0o755)
    return bash(folder, f'fuzz_all 60 {target}') == 0


def fuzz_slow(folder, alone):
    """Whether `dev` takes a run for a good one in which one input took long, and alone ends with a status."""
    program = folder / '_build/clang/tests/call/fuzz-answers'
    program.write_text(SLOW.format(alone=alone, inited=INITED), encoding='utf-8')
    return bash(folder, 'fuzz_all 60 fuzz-answers') == 0


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = (TOP / 'dev').read_text(encoding='utf-8')
        functions, end, _ = text.rpartition('main "$@"; exit')
        assert end, 'dev ends otherwise'
        (folder / 'functions').write_text('unset CONFAB_BUILD\n' + functions, encoding='utf-8')
        (folder / 'tests').symlink_to(TOP / 'tests')
        for inited, runs, status, good in RUNS:
            if fuzz(folder, 'fuzz-answers', inited, runs, status) != good:
                wrong.append(f'{runs} runs, {inited[:12] or "no seeds read"}, ends with {status}: that is not {not good}')
        for alone, good in ((0, True), (70, False)):
            if fuzz_slow(folder, alone) != good:
                wrong.append(f'an input that takes long and alone ends with {alone}: that is not {not good}')
        (folder / 'log').write_text('#1 INITED\n' + STACK + 'SUMMARY: libFuzzer: timeout\n', encoding='utf-8')
        if bash(folder, '[ "$(where_it_stood log)" = "__sanitizer_print_stack_trace < g_poll" ]') != 0:
            wrong.append('where a run stood at its end is not told')
        for target in sorted(MAKERS):
            if bash(folder, f'[ "$(least_runs {target})" -gt 1 ]') != 0:
                wrong.append(f'{target}: its least number is none')
    print('\n'.join(wrong) or 'as it should be')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
