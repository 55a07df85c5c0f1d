#!/usr/bin/env bash
# Runs one client driver against a broker: run.sh NAME HOST:PORT
# The driver prints one JSON object on stdout and exits 0 when every check held; what went wrong is on stderr.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/highway/clients
name=${1:?name of a driver} bootstrap=${2:?HOST:PORT of a broker}
python=$cache/python/bin/python
kafka=${HIGHWAY_KAFKA_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/highway/kafka}

case $name in
kcat) "$here/prepare.sh" kcat; exec "$here/kcat/drive.sh" "$bootstrap" ;;
confluent | kpython | aio | flights) "$here/prepare.sh" python; exec "$python" "$here/python/drive_$name.py" "$bootstrap" ;;
# schemas HOST:PORT REGISTRY-HOST:PORT write|read|validate NOTES-FILE
schemas) "$here/prepare.sh" schemas; shift; exec "$cache/schemas/bin/python" "$here/python/drive_schemas.py" "$@" ;;
# go-schemas HOST:PORT http://REGISTRY-HOST:PORT
go-schemas) "$here/prepare.sh" go; shift; exec "$cache/go/schemas" "$@" ;;
# openapi REGISTRY-HOST:PORT ADMIN-HOST:PORT INGEST-HOST:PORT
openapi) "$here/prepare.sh" openapi; shift; exec "$cache/openapi/bin/python" "$here/python/drive_openapi.py" "$@" ;;
# ingest HOST:PORT REGISTRY INGEST ADMIN: a node's other listeners, too
ingest) "$here/prepare.sh" python; shift; exec "$python" "$here/python/drive_ingest.py" "$@" ;;
# senders HOST:PORT INGEST-HOST:PORT ADMIN-HOST:PORT
senders) "$here/prepare.sh" ingest; shift; exec "$cache/ingest/bin/python" "$here/python/drive_senders.py" "$@" ;;
kafkajs) "$here/prepare.sh" node; NODE_PATH=$cache/node/node_modules exec node "$here/node/drive_kafkajs.js" "$bootstrap" ;;
franz | sarama | segmentio) "$here/prepare.sh" go; exec "$cache/go/$name" "$bootstrap" ;;
java) "$here/prepare.sh" java; exec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$kafka/log4j2.xml" \
  -cp "$cache/java:$kafka/libs/*" ClientDriver "$bootstrap" ;;
java-tools) "$here/../oracle/fetch.sh" >/dev/null; exec "$here/java/tools.sh" "$bootstrap" ;;
rdkafka) exec "$here/rust/rdkafka.sh" "$bootstrap" ;;
*) echo "error: no driver is called $name
hint: kcat confluent kpython aio flights kafkajs franz sarama segmentio java java-tools rdkafka schemas go-schemas openapi ingest senders" >&2; exit 2 ;;
esac
