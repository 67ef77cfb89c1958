#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install-deps.sh LIST...   installs the Debian packages named in the lists that are not there yet.
# Asks dpkg first: when nothing is missing it starts no apt, needs no root and no network.
set -eu

wanted=$(sed 's/#.*//' "$@" | tr -s ' \t\n' '\n' | sort -u)

command -v dpkg-query >/dev/null 2>&1 || {
  echo "This is not Debian. Please install, under the names of your system:" >&2
  echo "$wanted" | tr '\n' ' ' | fold -s -w 90 >&2
  exit 1
}

# Word splitting is meant here and below: package names hold no spaces.
# shellcheck disable=SC2086
present=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
  awk '$2 == "installed" { print $1 }' | sort -u)
missing=
for package in $wanted; do
  case "
$present
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "These packages are missing, and installing them needs root:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi

echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# A source that does not answer is no reason to stop: the install says what could not be had.
apt-get update -qq </dev/null || echo "apt-get update had problems; going on" >&2
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
  -o Dpkg::Use-Pty=0 $missing </dev/null
