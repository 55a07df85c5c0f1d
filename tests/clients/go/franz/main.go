// Drives franz-go: each codec, a group, commits, administration.
package main

import (
	"context"
	"errors"
	"os"
	"time"

	. "highway.test/clients/common"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	bootstrap := os.Args[1]
	topic := Name("franz")
	group := topic + "-group"
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	Must(err, "client")
	defer client.Close()
	adm := kadm.NewClient(client)

	retention := "-1"
	made, err := adm.CreateTopic(ctx, Partitions, 1, map[string]*string{"retention.ms": &retention}, topic)
	Must(err, "create")
	Equal(made.NumPartitions, Partitions, "partitions of the answer")
	_, err = adm.CreateTopic(ctx, 1, 1, nil, topic)
	Check(errors.Is(err, kerr.TopicAlreadyExists), "create twice: %v", err)

	produce(ctx, bootstrap, topic)
	consume(ctx, bootstrap, topic, group)

	offsets, err := adm.FetchOffsets(ctx, group)
	Must(err, "fetch offsets")
	ends, err := adm.ListEndOffsets(ctx, topic)
	Must(err, "list end offsets")
	sum := int64(0)
	ends.Each(func(o kadm.ListedOffset) {
		committed, _ := offsets.Lookup(topic, o.Partition)
		Equal(committed.At, o.Offset, "committed offset")
		sum += o.Offset
	})
	Equal(sum, int64(Total), "sum of end offsets")
	lag, err := adm.Lag(ctx, group)
	Must(err, "lag")
	Equal(lag[group].Lag.Total(), 0, "lag")
	Equal(lag[group].State, "Empty", "state of the group")
	after, err := adm.ListOffsetsAfterMilli(ctx, T0+int64(Total/2), topic)
	Must(err, "list offsets by time")
	found, _ := after.Lookup(topic, 0)
	Equal(found.Offset, int64((Total/2+Partitions-1)/Partitions), "offset for a time")

	configs, err := adm.DescribeTopicConfigs(ctx, topic)
	Must(err, "describe configs")
	has := func(rs kadm.ResourceConfigs, key, want string) {
		rc, err := rs.On(topic, nil)
		Must(err, "configs of the topic")
		for _, c := range rc.Configs {
			if c.Key == key {
				Equal(c.MaybeValue(), want, key)
				return
			}
		}
		Check(false, "no config %s", key)
	}
	has(configs, "retention.ms", "-1")
	size := "4000"
	_, err = adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &size}}, topic)
	Must(err, "alter configs")
	configs, err = adm.DescribeTopicConfigs(ctx, topic)
	Must(err, "describe configs")
	has(configs, "max.message.bytes", size)

	before := kadm.Offsets{}
	before.AddOffset(topic, 1, 6, -1)
	deleted, err := adm.DeleteRecords(ctx, before)
	Must(err, "delete records")
	low, _ := deleted.Lookup(topic, 1)
	Must(low.Err, "delete records")
	Equal(low.LowWatermark, int64(6), "low watermark")
	updated, err := adm.UpdatePartitions(ctx, 5, topic)
	Must(err, "update partitions")
	Must(updated[topic].Err, "update partitions")
	Eventually("five partitions", func() bool {
		listed, err := adm.ListTopics(ctx, topic)
		Must(err, "list topics")
		return len(listed[topic].Partitions) == 5
	})
	_, err = adm.DescribeAllLogDirs(ctx, nil)
	Must(err, "describe log dirs")
	gone, err := adm.DeleteGroup(ctx, group)
	Must(err, "delete group")
	Must(gone.Err, "delete group")
	_, err = adm.DeleteTopics(ctx, topic)
	Must(err, "delete topic")
	Eventually("topic is gone", func() bool {
		listed, err := adm.ListTopics(ctx)
		Must(err, "list topics")
		return !listed.Has(topic)
	})
	Finish("franz-go", "1.22.2")
}

func produce(ctx context.Context, bootstrap, topic string) {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	n := 0
	for _, codec := range Codecs {
		producer, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.DefaultProduceTopic(topic),
			kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(codecs[codec]))
		Must(err, "producer")
		for range PerCodec {
			producer.Produce(ctx, &kgo.Record{Key: Key(n), Value: Value(n), Partition: int32(n % Partitions),
				Timestamp: time.UnixMilli(T0 + int64(n)), Headers: []kgo.RecordHeader{{Key: "codec", Value: []byte(codec)}}},
				func(r *kgo.Record, err error) { Must(err, "produce") })
			n++
		}
		Must(producer.Flush(ctx), "flush")
		producer.Close()
	}
}

func consume(ctx context.Context, bootstrap, topic, group string) {
	consumer, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	Must(err, "consumer")
	seen := Seen{}
	for len(seen) < Total {
		fetches := consumer.PollFetches(ctx)
		Must(fetches.Err(), "poll")
		fetches.EachRecord(func(r *kgo.Record) {
			seen.Record(r.Key, r.Value, r.Timestamp, r.Partition, r.Headers[0].Key, r.Headers[0].Value)
		})
	}
	Must(consumer.CommitUncommittedOffsets(ctx), "commit")
	Must(consumer.LeaveGroupContext(ctx), "leave")
	consumer.Close()
}
