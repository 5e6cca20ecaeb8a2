#!/usr/bin/env bash
# Runs areas of the native tests, the modules of `tests/tests/all`. One that has no tests is an error: to the
# harness it would be a success.
#
#   tests/areas.sh PROFILE AREA... [-- ARGUMENTS OF THE TESTS]
set -euo pipefail
cd "$(dirname "$0")/.."

tests=(cargo test --profile "$1" --package guestbox-tests --test all --)
shift
areas=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  areas+=("$1::")
  shift
done
[ ${#areas[@]} -gt 0 ] || { echo "areas: none is named" >&2; exit 1; }

listed=$("${tests[@]}" --list)
for area in "${areas[@]}"; do
  grep -q "^$area.*: test$" <<<"$listed" || { echo "areas: no tests are in ${area%::}" >&2; exit 1; }
done
"${tests[@]}" "${areas[@]}" "${@:2}"
