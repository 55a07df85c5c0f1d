#!/usr/bin/env bash
# Installs or builds what the client drivers need, in the user's cache folder, each once per content of its pin file.
# Usage: prepare.sh [python|schemas|openapi|ingest|loggen|node|go|java|kcat|s3 ...]      (all without arguments)
# Prints nothing on success; every part ends in a folder ${XDG_CACHE_HOME:-$HOME/.cache}/highway/clients/<part>.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/highway/clients
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9

retry() { # registries now and then drop a connection
  local attempt
  for attempt in 1 2 3; do
    if "$@" 1>&2; then return 0; fi
    [ "$attempt" = 3 ] || sleep 3
  done
  echo "error: $1 failed three times: $*" >&2
  return 1
}
# stale PART FILES...: whether PART must be made again; leaves the new stamp in $stamp.
stale() {
  local part=$1
  shift
  stamp=$(cat "$@" | sha256sum | cut -c1-16)
  [ "$(cat "$cache/$part/.stamp" 2>/dev/null || true)" != "$stamp" ]
}
done_with() { echo "$stamp" >"$cache/$1/.stamp"; }

python_clients() {
  stale python "$here/python/requirements.txt" || return 0
  rm -rf "$cache/python"
  python3 -m venv "$cache/python"
  retry "$cache/python/bin/pip" install -q --no-deps --disable-pip-version-check -r "$here/python/requirements.txt"
  done_with python
}
schemas_clients() {
  stale schemas "$here/python/requirements-schemas.txt" || return 0
  rm -rf "$cache/schemas"
  python3 -m venv "$cache/schemas"
  retry "$cache/schemas/bin/pip" install -q --no-deps --disable-pip-version-check -r "$here/python/requirements-schemas.txt"
  done_with schemas
}
openapi_clients() {
  stale openapi "$here/python/requirements-openapi.txt" || return 0
  rm -rf "$cache/openapi"
  python3 -m venv "$cache/openapi"
  retry "$cache/openapi/bin/pip" install -q --no-deps --disable-pip-version-check -r "$here/python/requirements-openapi.txt"
  done_with openapi
}

ingest_clients() {
  stale ingest "$here/python/requirements-ingest.txt" || return 0
  rm -rf "$cache/ingest"
  python3 -m venv "$cache/ingest"
  retry "$cache/ingest/bin/pip" install -q --no-deps --disable-pip-version-check -r "$here/python/requirements-ingest.txt"
  done_with ingest
}
node_clients() {
  stale node "$here/node/package-lock.json" || return 0
  rm -rf "$cache/node"
  mkdir -p "$cache/node"
  cp "$here/node/package.json" "$here/node/package-lock.json" "$here/node/.npmrc" "$cache/node/"
  (cd "$cache/node" && retry npm ci --ignore-scripts --loglevel=error)
  done_with node
}
go_clients() {
  stale go "$here"/go/go.{mod,sum} "$here"/go/*/*.go || return 0
  mkdir -p "$cache/go"
  (cd "$here/go" && retry env GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOBIN="$cache/go" go install ./...)
  done_with go
}
java_clients() {
  local kafka
  kafka=$("$here/../oracle/fetch.sh")
  stale java "$here"/java/*.java "$kafka/.stamp" || return 0
  rm -rf "$cache/java"
  mkdir -p "$cache/java"
  javac -d "$cache/java" -cp "$kafka/libs/*" "$here"/java/*.java
  done_with java
}
s3_clients() {
  stale s3 "$here/s3/versions" "$here/python/requirements-s3.txt" || return 0
  rm -rf "$cache/s3"
  local module
  while read -r module; do
    case $module in \#* | '') continue ;; esac
    retry env GOTOOLCHAIN=local GOFLAGS= GOBIN="$cache/s3" go install "$module"
  done <"$here/s3/versions"
  python3 -m venv "$cache/s3/python"
  retry "$cache/s3/python/bin/pip" install -q --no-deps --disable-pip-version-check -r "$here/python/requirements-s3.txt"
  done_with s3
}

# syslog-ng's generator of messages. Its package cannot be installed beside rsyslog's, but unpacked.
loggen_clients() {
  local pin=$here/loggen.version version
  stale loggen "$pin" || return 0
  version=$(cat "$pin")
  rm -rf "$cache/loggen"
  mkdir -p "$cache/loggen"
  (cd "$cache/loggen" && { retry apt-get download -q "syslog-ng-core=$version" || retry apt-get download -q syslog-ng-core; })
  dpkg -x "$cache"/loggen/*.deb "$cache/loggen"
  rm -f "$cache"/loggen/*.deb
  done_with loggen
}
kcat_clients() {
  command -v kcat >/dev/null || { echo "error: kcat is missing
hint: apt-get install kcat" >&2; return 1; }
  command -v jq >/dev/null || { echo "error: jq is missing
hint: apt-get install jq" >&2; return 1; }
}

[ $# -gt 0 ] || set -- kcat python schemas openapi ingest loggen node go java s3
for part in "$@"; do
  case $part in
  kcat | python | schemas | openapi | ingest | loggen | node | go | java | s3) "${part}_clients" ;;
  *) echo "error: no client part is called $part" >&2; exit 2 ;;
  esac
done
