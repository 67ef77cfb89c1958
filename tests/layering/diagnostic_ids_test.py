#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every id that the front end reports has its page in the catalogue, and no page is about nothing."""

import re
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "src" / "spec"
REPORT = re.compile(
    r'(?:error|warning|problem|problem_at)\(\s*"([a-z0-9-]+)"|'
    r'report\([^;]*?"([a-z]+-[a-z-]+)"\)', re.DOTALL)
MADE = re.compile(r'fmt::format\("([a-z]+-)\{\}"')
ENTRY = re.compile(r'Explanation\{\s*"([a-z0-9-]+)"')


def used_ids():
    ids, prefixes = set(), set()
    for file in SPEC.glob("*.cc"):
        if file.name == "catalogue.cc":
            continue
        text = file.read_text()
        ids |= {a or b for a, b in REPORT.findall(text)}
        prefixes |= set(MADE.findall(text))
    return ids, prefixes


def main():
    ids, prefixes = used_ids()
    known = set(ENTRY.findall((SPEC / "catalogue.cc").read_text()))
    if len(known) < 20 or len(ids) < 20:
        sys.exit(f"the patterns of this test find too little: {len(known)} pages, {len(ids)} ids")
    unexplained = sorted(ids - known)
    unused = sorted(i for i in known - ids if not any(i.startswith(p) for p in prefixes))
    for name in unexplained:
        print(f"{name} is reported, but `stack explain {name}` knows nothing of it")
    for name in unused:
        print(f"{name} is explained, but nothing reports it")
    sys.exit(1 if unexplained or unused else 0)


if __name__ == "__main__":
    main()
