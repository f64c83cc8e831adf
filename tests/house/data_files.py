#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data files agree with each other: data_files.py DESKTOP METAINFO SERVICE"""

import configparser
import pathlib
import sys
import unittest
import xml.etree.ElementTree as xml

TOP = pathlib.Path(__file__).resolve().parents[2]
APP_ID = 'app.confab.Confab'


def ini(path):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(path)
    return parser


class DataFiles(unittest.TestCase):
    def test_desktop_file(self):
        entry = ini(DESKTOP)['Desktop Entry']
        self.assertEqual(entry['Icon'], APP_ID)
        self.assertEqual(entry['DBusActivatable'], 'true')
        self.assertIn('x-scheme-handler/matrix', entry['MimeType'].split(';'))

    def test_service(self):
        """A desktop file that says DBusActivatable is dead without it."""
        service = ini(SERVICE)['D-BUS Service']
        self.assertEqual(service['Name'], APP_ID)
        self.assertTrue(service['Exec'].endswith('/confab --gapplication-service'))
        self.assertTrue(service['Exec'].startswith('/'))

    def test_metainfo(self):
        root = xml.parse(METAINFO).getroot()
        self.assertEqual(root.findtext('id'), APP_ID)
        self.assertEqual(root.findtext('launchable'), f'{APP_ID}.desktop')
        self.assertEqual(root.findtext('project_license'), 'GPL-3.0-or-later')
        schemes = {color.get('scheme_preference') for color in root.iter('color')}
        self.assertEqual(schemes, {'light', 'dark'})
        self.assertIsNotNone(root.find('content_rating'))
        meson = (TOP / 'meson.build').read_text()
        self.assertIn(f"version: '{root.find('releases/release').get('version')}'", meson)

    def test_icons(self):
        resource = xml.parse(TOP / 'data' / f'{APP_ID}.gresource.xml').getroot()
        for file in resource.iter('file'):
            icon = xml.parse(TOP / 'data' / file.text).getroot()
            self.assertTrue(icon.tag.endswith('svg'), file.text)
            if file.text.endswith('-symbolic.svg'):
                self.assertEqual(icon.get('viewBox'), '0 0 16 16', file.text)

    def test_schema(self):
        """Each key says what it is for."""
        for key in xml.parse(TOP / 'data' / f'{APP_ID}.gschema.xml').getroot().iter('key'):
            self.assertTrue(key.findtext('summary'), key.get('name'))


if __name__ == '__main__':
    DESKTOP, METAINFO, SERVICE = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
