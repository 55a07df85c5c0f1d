// Drives sarama: each codec, a group, commits, administration.
package main

import (
	"context"
	"errors"
	"os"
	"time"

	. "highway.test/clients/common"

	"github.com/IBM/sarama"
)

func config() *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V3_6_0_0
	c.Producer.Return.Successes = true
	c.Producer.Partitioner = sarama.NewManualPartitioner
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Offsets.AutoCommit.Enable = false
	return c
}

type handler struct {
	seen Seen
	stop context.CancelFunc
}

func (h *handler) Setup(s sarama.ConsumerGroupSession) error   { return nil }
func (h *handler) Cleanup(s sarama.ConsumerGroupSession) error { return nil }

var turn = make(chan struct{}, 1)

func (h *handler) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case m, open := <-claim.Messages():
			if !open {
				return nil
			}
			turn <- struct{}{}
			h.seen.Record(m.Key, m.Value, m.Timestamp, m.Partition, string(m.Headers[0].Key), m.Headers[0].Value)
			s.MarkMessage(m, "")
			if len(h.seen) == Total {
				s.Commit()
				h.stop()
			}
			<-turn
		case <-s.Context().Done():
			return nil
		}
	}
}

func main() {
	bootstrap := []string{os.Args[1]}
	topic := Name("sarama")
	group := topic + "-group"
	admin, err := sarama.NewClusterAdmin(bootstrap, config())
	Must(err, "admin")
	defer admin.Close()
	retention := "-1"
	detail := &sarama.TopicDetail{NumPartitions: Partitions, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &retention}}
	Must(admin.CreateTopic(topic, detail, false), "create")
	err = admin.CreateTopic(topic, detail, false)
	Check(errors.Is(err, sarama.ErrTopicAlreadyExists), "create twice: %v", err)

	codecs := map[string]sarama.CompressionCodec{"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP,
		"snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD}
	n := 0
	for i, codec := range Codecs {
		c := config()
		c.Producer.Compression = codecs[codec]
		if i%2 == 0 {
			c.Producer.Idempotent, c.Net.MaxOpenRequests, c.Producer.RequiredAcks = true, 1, sarama.WaitForAll
		}
		producer, err := sarama.NewSyncProducer(bootstrap, c)
		Must(err, "producer")
		var batch []*sarama.ProducerMessage
		for range PerCodec {
			batch = append(batch, &sarama.ProducerMessage{Topic: topic, Key: sarama.ByteEncoder(Key(n)), Value: sarama.ByteEncoder(Value(n)),
				Partition: int32(n % Partitions), Timestamp: time.UnixMilli(T0 + int64(n)),
				Headers: []sarama.RecordHeader{{Key: []byte("codec"), Value: []byte(codec)}}})
			n++
		}
		Must(producer.SendMessages(batch), "send with "+codec)
		Must(producer.Close(), "close")
	}

	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	members, err := sarama.NewConsumerGroup(bootstrap, group, config())
	Must(err, "group")
	h := &handler{seen: Seen{}, stop: stop}
	for ctx.Err() == nil {
		if err := members.Consume(ctx, []string{topic}, h); err != nil && ctx.Err() == nil {
			Must(err, "consume")
		}
	}
	Must(members.Close(), "leave")
	Equal(len(h.seen), Total, "records read")

	client, err := sarama.NewClient(bootstrap, config())
	Must(err, "client")
	defer client.Close()
	committed, err := admin.ListConsumerGroupOffsets(group, nil)
	Must(err, "group offsets")
	sum := int64(0)
	for p := int32(0); p < Partitions; p++ {
		end, err := client.GetOffset(topic, p, sarama.OffsetNewest)
		Must(err, "end offset")
		Equal(committed.GetBlock(topic, p).Offset, end, "committed offset")
		sum += end
	}
	Equal(sum, int64(Total), "sum of end offsets")
	at, err := client.GetOffset(topic, 0, T0+int64(Total/2))
	Must(err, "offset by time")
	Equal(at, int64((Total/2+Partitions-1)/Partitions), "offset for a time")

	value := func(key string) string {
		entries, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: topic, ConfigNames: []string{key}})
		Must(err, "describe config")
		Equal(len(entries), 1, "entries for one key")
		return entries[0].Value
	}
	Equal(value("retention.ms"), "-1", "retention.ms")
	size := "5000"
	Must(admin.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		"max.message.bytes": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &size}}, false), "alter config")
	Equal(value("max.message.bytes"), size, "altered config")
	Must(admin.DeleteRecords(topic, map[int32]int64{1: 6}), "delete records")
	low, err := client.GetOffset(topic, 1, sarama.OffsetOldest)
	Must(err, "oldest offset")
	Equal(low, int64(6), "oldest offset after DeleteRecords")
	Must(admin.CreatePartitions(topic, 5, nil, false), "create partitions")
	Eventually("five partitions", func() bool {
		topics, err := admin.DescribeTopics([]string{topic})
		Must(err, "describe topics")
		return len(topics[0].Partitions) == 5
	})
	groups, err := admin.DescribeConsumerGroups([]string{group})
	Must(err, "describe group")
	Equal(groups[0].State, "Empty", "state of the group")
	list, err := admin.ListConsumerGroups()
	Must(err, "list groups")
	Check(list[group] != "", "group is listed")
	Must(admin.DeleteConsumerGroup(group), "delete group")
	Must(admin.DeleteTopic(topic), "delete topic")
	Eventually("topic is gone", func() bool {
		names, err := admin.ListTopics()
		Must(err, "list topics")
		_, there := names[topic]
		return !there
	})
	Finish("sarama", "1.61.1")
}
