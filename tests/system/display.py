# SPDX-License-Identifier: Apache-2.0
"""How wide text is on a screen, as Python's own tables have it."""

import unicodedata


def columns_of(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)
