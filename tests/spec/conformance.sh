#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares `stack config` with recorded results of docker compose: conformance.sh PYTHON STACK.
# STACK_CONFORMANCE names the folder with check_config.py and cases/. A handful of cases differs on
# purpose (docs/compose-conformance.md), each of them listed below.
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=${STACK_CONFORMANCE:-$here/../../../shared/conformance}
if [ ! -f "$folder/check_config.py" ]; then
  echo "skipped: there is no $folder"
  exit 77
fi
known='0480-|1186-|1328-'
said=$("$1" "$folder/check_config.py" --stack "$2" "$folder/cases")
echo "$said"
echo "$said" | grep -Eq '^[1-9][0-9]* passed' || exit 1
! echo "$said" | grep '^FAIL ' | grep -Evq "^FAIL ($known)"
