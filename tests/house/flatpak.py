#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flatpak manifest opens no hole, fetches nothing unchecked, and has every library that the runtime lacks."""

import json
import pathlib
import re
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
APP_ID = 'app.confab.Confab'

# Windows, sound and the network. Cameras, screens, files, notifications and secrets come through portals, which need
# no word here; so whoever adds one must say why.
ALLOWED = {'--share=network', '--share=ipc', '--socket=wayland', '--socket=fallback-x11', '--socket=pulseaudio',
           '--device=dri', '--system-talk-name=org.freedesktop.login1'}

# What org.gnome.Platform and org.gnome.Sdk 49 have: by what pkg-config and the shell call it.
PLATFORM = {'gio-2.0', 'gio-unix-2.0', 'glib-2.0', 'gobject-2.0', 'gstreamer-1.0', 'gstreamer-app-1.0',
            'gstreamer-audio-1.0', 'gstreamer-rtp-1.0', 'gstreamer-sdp-1.0', 'gstreamer-video-1.0',
            'gstreamer-webrtc-1.0', 'gstreamer-webrtc-nice-1.0', 'gtk4', 'json-glib-1.0', 'libadwaita-1', 'libdex-1',
            'libsecret-1', 'libsoup-3.0', 'sqlite3'}
SDK = {'appstreamcli', 'desktop-file-validate', 'glib-compile-schemas', 'msgfmt', 'python3'}

# What it has not, and the module that brings it.
BUNDLED = {'olm': 'libolm', 'libportal': 'libportal', 'libportal-gtk4': 'libportal',
           'blueprint-compiler': 'blueprint-compiler'}


def asked_for(function):
    """What the meson.build files ask for by this function."""
    folders = [TOP / 'meson.build', *(p for f in ('data', 'po', 'src') for p in (TOP / f).rglob('meson.build'))]
    found = set()
    for path in folders:
        found.update(re.findall(rf"\b{function}\(\s*'([^']+)'", path.read_text()))
    return found


class Manifest(unittest.TestCase):
    def setUp(self):
        self.manifest = json.loads((TOP / 'flatpak' / f'{APP_ID}.json').read_text())
        self.modules = {module['name']: module for module in self.manifest['modules']}

    def test_names(self):
        self.assertEqual(self.manifest['id'], APP_ID)
        self.assertEqual(self.manifest['command'], 'confab')
        self.assertEqual(self.manifest['runtime'], 'org.gnome.Platform')
        self.assertEqual(self.manifest['sdk'], 'org.gnome.Sdk')
        # GStreamer 1.26 came with 49.
        self.assertGreaterEqual(int(self.manifest['runtime-version']), 49)
        self.assertEqual(list(self.modules)[-1], 'confab')

    def test_sandbox(self):
        args = self.manifest['finish-args']
        self.assertEqual(len(args), len(set(args)))
        self.assertLessEqual(set(args), ALLOWED)
        self.assertIn('--share=network', args)

    def test_sources(self):
        for name, module in self.modules.items():
            self.assertTrue(module['sources'], name)
            for source in module['sources']:
                if name == 'confab':
                    self.assertEqual((source['type'], source['path']), ('dir', '..'))
                    self.assertIn('_build', source['skip'])
                else:
                    self.assertEqual(source['type'], 'archive', name)
                    self.assertRegex(source['url'], r'^https://', name)
                    self.assertRegex(source['sha256'], r'^[0-9a-f]{64}$', name)

    def test_every_dependency_is_there(self):
        asked = asked_for('dependency') | asked_for('find_program')
        self.assertIn('olm', asked)
        self.assertEqual(asked - PLATFORM - SDK - set(BUNDLED), set(), 'neither in the runtime nor bundled')
        wanted = {BUNDLED[name] for name in asked if name in BUNDLED}
        self.assertEqual(set(self.modules) - {'confab'}, wanted)

    def test_build_tools_are_not_installed(self):
        self.assertEqual(self.modules['blueprint-compiler']['cleanup'], ['*'])

    def test_options_are_known(self):
        known = set(re.findall(r"option\('(\w+)'", (TOP / 'meson_options.txt').read_text()))
        known |= {'werror', 'buildtype', 'b_lto'}
        options = {o[2:].partition('=')[0] for o in self.modules['confab']['config-opts']}
        self.assertLessEqual(options, known)


if __name__ == '__main__':
    unittest.main()
