# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a receiver decodes is what the sender said in `ready` that it sends."""

import time


def assert_same_media(test, tracks, sender, colour_tolerance=45, tone_tolerance=15):
    """`tracks` (a reply of confab-bot or hydrogen.mjs) hold the sender's colour, moving, and its tone."""
    mine = [t for t in tracks if t['userId'] == sender['userId']]
    video = next((t for t in mine if t['kind'] == 'video'), None)
    audio = next((t for t in mine if t['kind'] == 'audio'), None)
    test.assertIsNotNone(video, f'no picture of {sender["userId"]} in {tracks}')
    test.assertIsNotNone(audio, f'no sound of {sender["userId"]} in {tracks}')
    far = max(abs(a - b) for a, b in zip(video['meanRgb'], sender['meanRgb']))
    test.assertLessEqual(far, colour_tolerance, f'{video} is not the picture of {sender}')
    test.assertGreaterEqual(video['changed'], 0.05, f'the picture stands still: {video}')
    test.assertIsNotNone(audio['peakHz'], f'silence: {audio}')
    test.assertLessEqual(abs(audio['peakHz'] - sender['toneHz']), tone_tolerance,
                         f'{audio} is not the tone of {sender}')


def wait_same_media(test, receiver, sender, timeout=15):
    """Asks the receiver until it shows and plays the sender: word of an unmute overtakes the media themselves."""
    end = time.monotonic() + timeout
    while True:
        try:
            assert_same_media(test, receiver('tracks'), sender)
            return
        except AssertionError:
            if time.monotonic() > end:
                raise
