#!/usr/bin/env bash
# Drives Apache Kafka's command-line tools as an operator would, and its verifiable clients. Usage: tools.sh HOST:PORT
set -euo pipefail
bootstrap=$1
kafka=${HIGHWAY_KAFKA_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/highway/kafka}
work=$(mktemp -d)
background=()
trap 'for p in "${background[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
checks=0
fail() { echo "FAILED: $*" >&2; [ ! -f "$work/err" ] || tail -20 "$work/err" >&2; exit 1; }
java_tool() { # CLASS ARGS...
  timeout 90 java -Xmx192m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$kafka/log4j2.xml" -cp "$kafka/libs/*" "$@" 2>"$work/err"
}
tool() { local class=$1; shift; java_tool "org.apache.kafka.tools.$class" --bootstrap-server "$bootstrap" "$@"; }
configs() { java_tool kafka.admin.ConfigCommand --bootstrap-server "$bootstrap" "$@"; }
groups() { tool consumer.group.ConsumerGroupCommand "$@"; }
has() { # WHAT PATTERN TEXT
  checks=$((checks + 1))
  grep -Eq -- "$2" <<<"$3" || fail "$1: no line like '$2' in:
$3"
}
topic=tools-$(date +%s%N)
group=$topic-group

# kafka-broker-api-versions, kafka-cluster, kafka-features, kafka-metadata-quorum
has "api versions" 'Produce\(0\): 0 to 1[0-9]' "$(tool BrokerApiVersionsCommand)"
has "cluster id" 'Cluster ID: .{22}' "$(java_tool org.apache.kafka.tools.ClusterTool cluster-id --bootstrap-server "$bootstrap")"
has "features" 'metadata.version' "$(tool FeatureCommand describe)"
node=$(tool MetadataQuorumCommand describe --status | sed -n 's/^LeaderId: *//p')
has "quorum" '^[0-9]+$' "$node"

# kafka-topics
has "create" "Created topic $topic" "$(tool TopicCommand --create --topic "$topic" --partitions 2 --replication-factor 1 --config retention.ms=-1)"
has "list" "^$topic$" "$(tool TopicCommand --list)"
has "describe" "PartitionCount: 2.*ReplicationFactor: 1.*retention.ms=-1" "$(tool TopicCommand --describe --topic "$topic")"
tool TopicCommand --create --topic "$topic" >"$work/twice" 2>&1 && fail "creating a topic twice succeeded"
has "create twice" "already exists" "$(cat "$work/twice" "$work/err")"
tool TopicCommand --alter --topic "$topic" --partitions 3 >/dev/null || fail "adding a partition"
has "partitions" "PartitionCount: 3" "$(tool TopicCommand --describe --topic "$topic")"

# kafka-configs
has "alter" "Completed updating config" "$(configs --alter --entity-type topics --entity-name "$topic" --add-config max.message.bytes=100000 --delete-config retention.ms)"
has "describe config" "max.message.bytes=100000 .*DYNAMIC_TOPIC_CONFIG:max.message.bytes=100000" "$(configs --describe --entity-type topics --entity-name "$topic")"
has "all configs" "retention.ms=604800000" "$(configs --describe --all --entity-type topics --entity-name "$topic")"
has "broker configs" "num.partitions=" "$(configs --describe --all --entity-type brokers --entity-name "$node")"

# kafka-console-producer, kafka-console-consumer, VerifiableProducer, VerifiableConsumer
printf 'a\tone\nb\ttwo\n' | tool ConsoleProducer --topic "$topic" --reader-property parse.key=true --compression-codec lz4 >/dev/null || fail "console producer"
has "console consumer" $'^b\ttwo$' "$(tool consumer.ConsoleConsumer --topic "$topic" --from-beginning --max-messages 2 --timeout-ms 30000 --formatter-property print.key=true)"
out=$(tool VerifiableProducer --topic "$topic" --max-messages 2000 --repeating-keys 30 --acks -1 --throughput -1)
has "VerifiableProducer" '"acked":2000' "$out"
java_tool org.apache.kafka.tools.VerifiableConsumer --bootstrap-server "$bootstrap" --topic "$topic" --group-id "$group" --reset-policy earliest \
  --max-messages 2002 >"$work/consumed" || fail "VerifiableConsumer: exit $?"
has "VerifiableConsumer" '"name":"shutdown_complete"' "$(cat "$work/consumed")"
[ "$(jq -s '[.[] | select(.name == "records_consumed") | .count] | add' "$work/consumed")" = 2002 ] || fail "VerifiableConsumer read other than 2002"

# kafka-consumer-groups
has "group list" "^$group$" "$(groups --list)"
has "group" "$group +$topic +[0-2] +([0-9]+) +\1 +0 " "$(groups --describe --group "$group")"
has "group state" "$group.* Empty +0" "$(groups --describe --group "$group" --state)"
has "reset" "$topic +0 +5" "$(groups --reset-offsets --group "$group" --topic "$topic:0" --to-offset 5 --execute)"
has "delete offsets" "Successful" "$(groups --delete-offsets --group "$group" --topic "$topic:1")"

# kafka-get-offsets, kafka-delete-records, kafka-log-dirs, ConsumerPerformance, ProducerPerformance
sum=$(tool GetOffsetShell --topic "$topic" | awk -F: '{s += $3} END {print s}')
[ "$sum" = 2002 ] || fail "end offsets add up to $sum"
printf '{"partitions":[{"topic":"%s","partition":0,"offset":3}],"version":1}' "$topic" >"$work/delete.json"
has "delete records" "low_watermark: 3" "$(tool DeleteRecordsCommand --offset-json-file "$work/delete.json")"
has "earliest" "^$topic:0:3$" "$(tool GetOffsetShell --topic "$topic" --time -2)"
has "log dirs" "\"$topic-0\"" "$(tool LogDirsCommand --describe --topic-list "$topic")"
has "ProducerPerformance" "^5000 records sent" "$(java_tool org.apache.kafka.tools.ProducerPerformance --bootstrap-server "$bootstrap" --topic "$topic" --num-records 5000 --record-size 500 --throughput -1)"
has "ConsumerPerformance" "^[0-9]{4}-.*, 6999," "$(tool ConsumerPerformance --topic "$topic" --num-records 6999 --timeout 30000)"
has "compatibility" "" "$(java_tool org.apache.kafka.tools.ClientCompatibilityTest --bootstrap-server "$bootstrap" --topic "$topic" --num-cluster-nodes 1 \
  --offsets-for-times-supported true --cluster-id-supported true --expect-record-too-large-exception true --create-topics-supported true \
  --describe-acls-supported true --describe-configs-supported true --idempotent-producer-supported true)"
has "delete group" "successful" "$(groups --delete --group "$group")"
tool TopicCommand --delete --topic "$topic" >/dev/null || fail "deleting the topic"
printf '{"client":"java-tools","version":"4.3.1","ok":true,"checks":%d}\n' "$checks"
