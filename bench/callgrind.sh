#!/usr/bin/env bash
# Counts the instructions of one round of each hot path (bench/examples/hot_paths.rs) under callgrind and compares them
# with bench/instructions.txt: more than 2 % away in either direction is an error. Counts do not depend on the load of the
# machine, so a slowdown is seen in the change that brings it.
#   bench/callgrind.sh            compare
#   bench/callgrind.sh --store    store what was counted (say in the commit why it changed)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
stored=bench/instructions.txt
if ! command -v valgrind >/dev/null; then
  echo "SKIPPED: instruction counts need valgrind" >&2
  exit 0
fi
source .ci/env
cargo build --quiet --profile perf -p highway-bench --example hot_paths
binary=$CARGO_TARGET_DIR/perf/examples/hot_paths

collected() { # PATH TIMES: instructions of the whole process
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

wrong=0
counts=""
for path in append fetch decode encode; do
  few=$(collected "$path" 200)
  many=$(collected "$path" 1200)
  count=$(((many - few) / 1000))
  counts+="$path $count"$'\n'
  before=$(awk -v p="$path" '$1 == p { print $2 }' "$stored" 2>/dev/null || true)
  if [ "${1:-}" = --store ]; then
    echo "$path: $count instructions (was ${before:-not stored})"
  elif [ -z "$before" ]; then
    echo "error: $path: $count instructions, nothing is stored; run bench/callgrind.sh --store" >&2
    wrong=1
  elif [ $((count * 100)) -gt $((before * 102)) ] || [ $((count * 100)) -lt $((before * 98)) ]; then
    echo "error: $path: $count instructions, stored are $before; if that is meant, run bench/callgrind.sh --store" >&2
    wrong=1
  else
    echo "$path: $count instructions (stored: $before)"
  fi
done
if [ "${1:-}" = --store ]; then printf '%s' "$counts" >"$stored"; fi
exit "$wrong"
