#!/usr/bin/env bash
# Drives Debian's kcat 1.7.1 (librdkafka 2.0.2, three years old): list, each codec, keys and headers, groups, offsets by time.
# kcat cannot administer: the topic is made by auto-creation and stays. Usage: drive.sh HOST:PORT
set -euo pipefail
bootstrap=$1
topic=kcat-$(date +%s%N)
checks=0
fail() { echo "FAILED: $*" >&2; exit 1; }
equal() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "$3: saw '$1', expected '$2'"; }
k() { timeout 60 kcat -b "$bootstrap" -X topic.metadata.refresh.interval.ms=1000 "$@"; }

equal "$(k -L -J | jq '.brokers | length')" 1 "brokers"
n=0
for codec in none gzip snappy lz4 zstd; do
  seq $((n + 1)) $((n + 50)) | sed 's/.*/k&:value &/' | k -P -t "$topic" -p 0 -K: -H "codec=$codec" -z "$codec" -X acks=all ||
    fail "producing with $codec"
  n=$((n + 50))
done
# Idempotent, many batches in flight.
seq $((n + 1)) $((n + 500)) | sed 's/.*/k&:value &/' | k -P -t "$topic" -p 0 -K: -H codec=none -X enable.idempotence=true -X batch.num.messages=20
n=$((n + 500))
equal "$(k -L -t "$topic" -J | jq '.topics[0].partitions | length >= 1')" true "topic is listed"
out=$(k -C -t "$topic" -p 0 -o beginning -e -q -f '%o %k %s %h\n')
equal "$(wc -l <<<"$out")" $n "records read"
expected=$(for i in $(seq 1 $n); do
  case $(((i - 1) / 50)) in 1) c=gzip ;; 2) c=snappy ;; 3) c=lz4 ;; 4) c=zstd ;; *) c=none ;; esac
  echo "$((i - 1)) k$i value $i codec=$c"
done)
equal "$(sha256sum <<<"$out")" "$(sha256sum <<<"$expected")" "records as written"
equal "$(k -C -t "$topic" -p 0 -o -7 -e -q -f '%o\n' | head -1)" $((n - 7)) "tail offset"
equal "$(k -C -t "$topic" -p 0 -o 100 -c 3 -q -f '%s,')" "value 101,value 102,value 103," "from an offset"
equal "$(k -C -t "$topic" -p 0 -o beginning -c 1 -e -q -f '%T' | wc -c | awk '{print ($1 >= 13)}')" 1 "timestamp"
# Offsets by time: before everything, after everything (kcat prints the end as -1).
equal "$(k -Q -t "$topic:0:1" | awk '{print $NF}')" 0 "offset for time 1"
equal "$(k -Q -t "$topic:0:99999999999999" | awk '{print $NF}')" -1 "offset for a time to come"
# A group: all records, commit on leaving, nothing the second time, then only what is new.
equal "$(k -G "$topic-group" -o beginning -e -q -X auto.offset.reset=earliest "$topic" | wc -l)" $n "records read in a group"
equal "$(k -G "$topic-group" -e -q -X auto.offset.reset=earliest "$topic" | wc -l)" 0 "records read again in the group"
echo one more | k -P -t "$topic" -p 0
equal "$(k -G "$topic-group" -e -q -X auto.offset.reset=earliest "$topic")" "one more" "what is new for the group"
# A null value and an empty one.
printf 'a:\n' | k -P -t "$topic" -p 0 -K: -Z
equal "$(k -C -t "$topic" -p 0 -o -1 -e -q -J | jq -c '[.key, .payload]')" '["a",null]' "null value"
printf '{"client":"kcat","version":"%s","ok":true,"checks":%d}\n' "$(kcat -V | grep -o 'Version [0-9.]*' | cut -d' ' -f2)" "$checks"
