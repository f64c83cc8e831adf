#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program with a display of its own: session.py --weston|--xvfb PROGRAM [ARGUMENT…]

A headless compositor, empty home and runtime folders, no session bus. Everything started here is ended
here, and the program's exit status is this one's.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

START_S = 60


def wait_for(process, done, what):
    end = time.monotonic() + START_S
    while not done():
        if process.poll() is not None:
            sys.exit(f"session.py: {what} ended with status {process.returncode} before it was ready")
        if time.monotonic() > end:
            sys.exit(f"session.py: {what} was not ready after {START_S} s")
        time.sleep(0.02)


def start_weston(folder, env):
    log = open(os.path.join(folder, "weston.log"), "wb")
    process = subprocess.Popen(
        ["weston", "--backend=headless", "--renderer=pixman", "--width=1920", "--height=1080",
         "--socket=confab-test", "--idle-time=0", "--no-config"],
        env=env, stdout=log, stderr=log)
    wait_for(process, lambda: os.path.exists(os.path.join(env["XDG_RUNTIME_DIR"], "confab-test")), "weston")
    env.update(WAYLAND_DISPLAY="confab-test", GDK_BACKEND="wayland")
    return process


def start_xvfb(folder, env):
    read, write = os.pipe()
    log = open(os.path.join(folder, "xvfb.log"), "wb")
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"],
        env=env, stdout=log, stderr=log, pass_fds=[write])
    os.close(write)
    # The whole line: Xvfb writes it in two pieces, and ends when nobody takes the second.
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    if not number:
        sys.exit("session.py: Xvfb did not start")
    env.update(DISPLAY=":" + number, GDK_BACKEND="x11")
    return process


def main():
    starters = {"--weston": start_weston, "--xvfb": start_xvfb}
    if len(sys.argv) < 3 or sys.argv[1] not in starters:
        sys.exit(__doc__)
    folder = tempfile.mkdtemp(prefix="confab-session-")
    env = dict(os.environ)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP"):
        env.pop(name, None)
    for name, path in (("HOME", "home"), ("XDG_RUNTIME_DIR", "runtime"), ("XDG_CONFIG_HOME", "config"),
                       ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")):
        env[name] = os.path.join(folder, path)
        os.mkdir(env[name], 0o700)
    # The same pictures on any machine; no settings portal without a bus.
    env.setdefault("GSK_RENDERER", "cairo")
    env.setdefault("GTK_A11Y", "none")
    env.update(ADW_DISABLE_PORTAL="1", GSETTINGS_BACKEND="memory", GIO_USE_VFS="local", LC_ALL="C.UTF-8", TZ="UTC")
    display = None
    try:
        display = starters[sys.argv[1]](folder, env)
        return subprocess.call(sys.argv[2:], env=env)
    finally:
        if display is not None:
            display.terminate()
            display.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
