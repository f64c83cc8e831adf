#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tool.py PACKAGE TOOL ARGS…: a check by somebody else's tool. Without the tool it fails, and says what to install."""

import shutil
import subprocess
import sys


def main(package, tool, *args):
    path = shutil.which(tool)
    if path is None:
        print(f'there is no {tool}: ./dev setup installs it, or the package {package} has it', file=sys.stderr)
        return 1
    return subprocess.run([path, *args], check=False).returncode


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
