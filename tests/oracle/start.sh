#!/usr/bin/env bash
# Formats (once) and runs one node of Apache Kafka from its Maven jars, in the foreground, loopback only:
#   start.sh DIR PORT CONTROLLER_PORT [key=value ...]       extra broker settings override the ones here
# HIGHWAY_KAFKA_OPTS replaces the JVM's flags (default: those of Kafka's own start script with a smaller heap).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${1:?DIR} port=${2:?PORT} controller=${3:?CONTROLLER_PORT}
shift 3
kafka=$("$here/fetch.sh")
cp="$kafka/libs/*"
mkdir -p "$dir/data"
cat >"$dir/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
P
printf '%s\n' "$@" >>"$dir/server.properties"
log4j=-Dlog4j2.configurationFile=$kafka/log4j2.xml
if [ ! -f "$dir/data/meta.properties" ]; then
  java -XX:TieredStopAtLevel=1 "$log4j" -cp "$cp" kafka.tools.StorageTool format \
    -t "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c1-22)" -c "$dir/server.properties" --standalone >"$dir/format.log" 2>&1 ||
    { cat "$dir/format.log" >&2; exit 1; }
fi
read -ra opts <<<"${HIGHWAY_KAFKA_OPTS:--Xmx512m -Xms256m -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent}"
exec java "${opts[@]}" "$log4j" -cp "$cp" kafka.Kafka "$dir/server.properties"
