// Drives segmentio's kafka-go: each codec, a group, commits, administration. It sends old, fixed request versions.
package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	. "highway.test/clients/common"

	kafka "github.com/segmentio/kafka-go"
)

type byNumber struct{}

func (byNumber) Balance(m kafka.Message, partitions ...int) int {
	return int(m.Time.UnixMilli()-T0) % len(partitions)
}

func main() {
	bootstrap := os.Args[1]
	topic := Name("segmentio")
	group := topic + "-group"
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	addr, err := net.ResolveTCPAddr("tcp", bootstrap)
	Must(err, "address")
	client := &kafka.Client{Addr: addr, Timeout: 30 * time.Second}

	wanted := kafka.TopicConfig{Topic: topic, NumPartitions: Partitions, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: "-1"}}}
	made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{wanted}})
	Must(err, "create")
	Must(made.Errors[topic], "create")
	made, err = client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{wanted}})
	Must(err, "create twice")
	Check(errors.Is(made.Errors[topic], kafka.TopicAlreadyExists), "create twice: %v", made.Errors[topic])

	codecs := map[string]kafka.Compression{"gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd}
	n := 0
	for _, codec := range Codecs {
		writer := &kafka.Writer{Addr: addr, Topic: topic, Balancer: byNumber{}, Compression: codecs[codec], BatchTimeout: 5 * time.Millisecond,
			RequiredAcks: kafka.RequireAll}
		var batch []kafka.Message
		for range PerCodec {
			batch = append(batch, kafka.Message{Key: Key(n), Value: Value(n), Time: time.UnixMilli(T0 + int64(n)),
				Headers: []kafka.Header{{Key: "codec", Value: []byte(codec)}}})
			n++
		}
		Must(writer.WriteMessages(ctx, batch...), "write with "+codec)
		Must(writer.Close(), "close")
	}

	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{bootstrap}, GroupID: group, Topic: topic, StartOffset: kafka.FirstOffset,
		MaxWait: 200 * time.Millisecond, MinBytes: 1, MaxBytes: 1 << 20})
	seen := Seen{}
	for len(seen) < Total {
		m, err := reader.FetchMessage(ctx)
		Must(err, "fetch")
		seen.Record(m.Key, m.Value, m.Time, int32(m.Partition), m.Headers[0].Key, m.Headers[0].Value)
		if len(seen)%50 == 0 {
			Must(reader.CommitMessages(ctx, m), "commit")
		}
	}
	Must(reader.Close(), "leave")

	var last []kafka.OffsetRequest
	for p := range Partitions {
		last = append(last, kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	listed, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: last}})
	Must(err, "list offsets")
	sum := int64(0)
	for _, p := range listed.Topics[topic] {
		Must(p.Error, "list offsets")
		Equal(p.FirstOffset, int64(0), "first offset")
		sum += p.LastOffset
	}
	Equal(sum, int64(Total), "sum of end offsets")
	conn, err := kafka.DialLeader(ctx, "tcp", bootstrap, topic, 0)
	Must(err, "dial the leader")
	at, err := conn.ReadOffset(time.UnixMilli(T0 + int64(Total/2)))
	Must(err, "offset by time")
	Equal(at, int64((Total/2+Partitions-1)/Partitions), "offset for a time")
	Must(conn.Close(), "close")

	committed, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0, 1, 2}}})
	Must(err, "offset fetch")
	any := int64(0)
	for _, p := range committed.Topics[topic] {
		Must(p.Error, "offset fetch")
		any += max(p.CommittedOffset, 0)
	}
	Check(any > 0, "something is committed")
	resource := []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms", "max.message.bytes"}}}
	_, err = client.AlterConfigs(ctx, &kafka.AlterConfigsRequest{Resources: []kafka.AlterConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic,
		ResourceName: topic, Configs: []kafka.AlterConfigRequestConfig{{Name: "max.message.bytes", Value: "6000"}}}}})
	Must(err, "alter configs (all at once)")
	configs, err := client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: resource})
	Must(err, "describe configs")
	for _, e := range configs.Resources[0].ConfigEntries {
		want := map[string]string{"retention.ms": "604800000", "max.message.bytes": "6000"}[e.ConfigName]
		Equal(e.ConfigValue, want, e.ConfigName)
	}
	grown, err := client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: 5}}})
	Must(err, "create partitions")
	Must(grown.Errors[topic], "create partitions")
	Eventually("five partitions", func() bool {
		metadata, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
		Must(err, "metadata")
		return len(metadata.Topics[0].Partitions) == 5
	})
	groups, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	Must(err, "describe groups")
	Equal(groups.Groups[0].GroupState, "Empty", "state of the group")
	gone, err := client.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
	Must(err, "delete groups")
	Must(gone.Errors[group], "delete groups")
	removed, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	Must(err, "delete topics")
	Must(removed.Errors[topic], "delete topics")
	Finish("segmentio kafka-go", "0.4.51")
}
