#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every id that the front end reports has its page in the catalogue, and no page is about nothing."""

import re
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "src" / "spec"
REPORT = re.compile(
    r'(?:error|warning|problem|problem_at|error_at)\(\s*"([a-z0-9-]+)"|'
    r'report\([^;]*?"([a-z]+-[a-z-]+)"\)', re.DOTALL)
MADE = re.compile(r'fmt::format\("([a-z]+-)\{\}"')
ENTRY = re.compile(r'Explanation\{\s*"([a-z0-9-]+)", Severity::(\w+)')
SEVERE = re.compile(r'(?:error|error_at)\(\s*"([a-z0-9-]+)"')


def used_ids():
    ids, prefixes = set(), set()
    for file in SPEC.glob("*.cc"):
        if file.name == "catalogue.cc":
            continue
        text = file.read_text()
        ids |= {a or b for a, b in REPORT.findall(text)}
        prefixes |= set(MADE.findall(text))
    return ids, prefixes


def severe_ids():
    return {i for file in SPEC.glob("*.cc") for i in SEVERE.findall(file.read_text())}


def main():
    ids, prefixes = used_ids()
    pages = dict(ENTRY.findall((SPEC / "catalogue.cc").read_text()))
    known = set(pages)
    if len(known) < 20 or len(ids) < 20:
        sys.exit(f"the patterns of this test find too little: {len(known)} pages, {len(ids)} ids")
    unexplained = sorted(ids - known)
    unused = sorted(i for i in known - ids if not any(i.startswith(p) for p in prefixes))
    for name in unexplained:
        print(f"{name} is reported, but `stack explain {name}` knows nothing of it")
    for name in unused:
        print(f"{name} is explained, but nothing reports it")
    mild = sorted(i for i in severe_ids() & known if pages[i] != "error")
    for name in mild:
        print(f"{name} is an error, but its page calls it a warning")
    sys.exit(1 if unexplained or unused or mild else 0)


if __name__ == "__main__":
    main()
