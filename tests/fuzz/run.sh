#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM CORPUS   a fuzz target over its corpus, and some seconds beyond it, the same ones each
# time. An input that it fails on is left in the current directory. Exit code 77 when the program was
# not built.
set -eu
if [ ! -x "$1" ]; then
  echo "skipped: no $1 (it needs clang, and ./test builds it)"
  exit 77
fi
# What it found ends it with 77, too, unless told otherwise: that would count as skipped.
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$1" -seed=1 -runs=20000 -max_total_time=6 -max_len=4096 -timeout=60 -rss_limit_mb=2048 -verbosity=0 \
  -error_exitcode=1 "$found" "$2"
