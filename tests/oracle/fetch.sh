#!/usr/bin/env bash
# Fetches the jars named in pom.xml (Apache Kafka 4.3.1: broker, tools, client) by Maven, once per content of pom.xml.
# Prints the folder: its libs/ holds the jars, log4j2.xml the logging setup. Usage: CP="$(tests/oracle/fetch.sh)/libs/*"
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${HIGHWAY_KAFKA_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/highway/kafka}
mkdir -p "$target"
exec 9>"$target/.lock"
flock 9

stamp=$(sha256sum <"$here/pom.xml" | cut -c1-16)
if [ "$(cat "$target/.stamp" 2>/dev/null || true)" != "$stamp" ]; then
  fresh=$target/libs.new
  rm -rf "$fresh"
  for attempt in 1 2 3; do
    if mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$fresh" 1>&2; then break; fi
    [ "$attempt" -lt 3 ] || { echo "error: Maven could not fetch the jars of Apache Kafka" >&2; exit 1; }
    sleep 3
  done
  rm -rf "$target/libs"
  mv "$fresh" "$target/libs"
  echo "$stamp" >"$target/.stamp"
fi
cmp -s "$here/log4j2.xml" "$target/log4j2.xml" || cp "$here/log4j2.xml" "$target/log4j2.xml"
echo "$target"
