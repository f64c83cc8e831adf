# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a receiver decodes is what the sender said in `ready` that it sends."""

import time


COLOUR_TOLERANCE = 45   # what an encoder and two ideas of what YUV is make of it


def media_trouble(tracks, sender, colour_tolerance=COLOUR_TOLERANCE, tone_tolerance=15):
    """What is wrong with the sender's picture or sound in `tracks` (a reply of confab-bot, the application or
    browser.mjs); None when they hold its colour, moving, and its tone."""
    mine = [t for t in tracks if t['userId'] == sender['userId'] and t['purpose'] == 'usermedia']
    video = next((t for t in mine if t['kind'] == 'video'), None)
    audio = next((t for t in mine if t['kind'] == 'audio'), None)
    if video is None or video['meanRgb'] is None:
        return f'no picture of {sender["userId"]}: {mine}'
    if audio is None:
        return f'no sound of {sender["userId"]}: {mine}'
    if max(abs(a - b) for a, b in zip(video['meanRgb'], sender['meanRgb'])) > colour_tolerance:
        return f'{video} is not the picture of {sender}'
    if (video['changed'] or 0) < 0.05:
        return f'the picture stands still: {video}'
    if not audio['peakHz']:
        return f'silence: {audio}'
    if abs(audio['peakHz'] - sender['toneHz']) > tone_tolerance:
        return f'{audio} is not the tone of {sender}'
    return None


def assert_same_media(test, tracks, sender, **tolerances):
    test.assertIsNone(media_trouble(tracks, sender, **tolerances), f'in {tracks}')


def wait_same_media(test, receiver, sender, timeout=15):
    """Asks the receiver until it shows and plays the sender: word of an unmute overtakes the media themselves."""
    end = time.monotonic() + timeout
    while trouble := media_trouble(receiver('tracks'), sender):
        test.assertLess(time.monotonic(), end, trouble)


def sees_screen(tracks, sender, colour_tolerance=COLOUR_TOLERANCE):
    """Whether `tracks` hold the sender's shared screen, in its colour."""
    return any(max(abs(a - b) for a, b in zip(t['meanRgb'], sender['screenMeanRgb'])) <= colour_tolerance
               for t in tracks
               if t['userId'] == sender['userId'] and t['purpose'] == 'screenshare' and t['meanRgb'])


def wait_screen(test, receiver, sender, timeout=20):
    """Asks the receiver until it is told of the sender's screen and shows it."""
    end = time.monotonic() + timeout
    while not any(m['userId'] == sender['userId'] and m['hasScreenShare'] for m in receiver('members')):
        test.assertLess(time.monotonic(), end, f'{receiver.name} is not told of the screen of {sender["userId"]}')
    while not sees_screen(tracks := receiver('tracks'), sender):
        test.assertLess(time.monotonic(), end, f'not the screen of {sender}: {tracks}')


def wait_no_screen(receiver, sender):
    """Asks the receiver until it says that the sender shares none."""
    receiver.until('members', lambda members: not any(m['userId'] == sender['userId'] and m['hasScreenShare']
                                                      for m in members))
