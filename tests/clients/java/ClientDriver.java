import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.AppInfoParser;

/** Apache Kafka's Java client: produces with each codec, consumes in groups, commits, administers; any mismatch is an exception. */
public final class ClientDriver {
    private static final long T0 = 1_700_000_000_000L;
    private static final int PER_CODEC = 40;
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    private static int checks;

    private static void check(boolean held, String what) {
        checks++;
        if (!held) throw new AssertionError(what);
    }

    private static void equal(Object seen, Object expected, String what) {
        check(seen == null ? expected == null : seen.equals(expected), what + ": saw " + seen + ", expected " + expected);
    }

    private interface Call { void run() throws Exception; }

    private static void fails(Class<? extends Exception> kind, String what, Call call) throws Exception {
        checks++;
        try {
            call.run();
        } catch (ExecutionException e) {
            if (kind.isInstance(e.getCause())) return;
            throw new AssertionError(what + ": " + e.getCause(), e);
        }
        throw new AssertionError(what + ": no error");
    }

    private interface Question { boolean held() throws Exception; }

    /** For what a broker may tell a moment later than the answer that changed it. */
    private static void eventually(String what, Question question) throws Exception {
        long end = System.currentTimeMillis() + 30_000;
        while (!question.held()) {
            check(System.currentTimeMillis() < end, "not within 30 s: " + what);
            Thread.sleep(50);
        }
        checks++;
    }

    public static void main(String[] args) throws Exception {
        String bootstrap = args[0];
        String topic = "java-" + System.nanoTime();
        String group = topic + "-group";
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            NewTopic wanted = new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "-1"));
            CreateTopicsResult made = admin.createTopics(List.of(wanted));
            made.all().get();
            Uuid id = made.topicId(topic).get();
            equal(made.numPartitions(topic).get(), 3, "partitions of CreateTopics' answer");
            fails(TopicExistsException.class, "create twice", () -> admin.createTopics(List.of(wanted)).all().get());
            fails(InvalidTopicException.class, "bad name",
                () -> admin.createTopics(List.of(new NewTopic("a b", 1, (short) 1))).all().get());
            fails(InvalidPartitionsException.class, "no partitions",
                () -> admin.createTopics(List.of(new NewTopic(topic + "-x", 0, (short) 1))).all().get());
            fails(InvalidReplicationFactorException.class, "too many replicas",
                () -> admin.createTopics(List.of(new NewTopic(topic + "-x", 1, (short) 5))).all().get());
            fails(InvalidConfigurationException.class, "bad config", () -> admin.createTopics(
                List.of(new NewTopic(topic + "-x", 1, (short) 1).configs(Map.of("retention.ms", "soon")))).all().get());

            int total = produce(bootstrap, topic);
            consumeInGroup(bootstrap, topic, group, total);
            administer(admin, topic, id, group, total);
            cooperativePair(bootstrap, topic, total);
            admin.deleteConsumerGroups(List.of(group)).all().get();
            admin.deleteTopics(List.of(topic)).all().get();
            fails(UnknownTopicOrPartitionException.class, "deleted", () -> admin.deleteTopics(List.of(topic)).all().get());
            eventually("topic is gone from the list", () -> !admin.listTopics().names().get().contains(topic));
        }
        System.out.println("{\"client\":\"java\",\"version\":\"" + AppInfoParser.getVersion() + "\",\"ok\":true,\"checks\":" + checks + "}");
    }

    private static int produce(String bootstrap, String topic) throws Exception {
        int total = 0;
        for (int c = 0; c < CODECS.length; c++) {
            Properties p = new Properties();
            p.put("bootstrap.servers", bootstrap);
            p.put("compression.type", CODECS[c]);
            p.put("enable.idempotence", c % 2 == 0 ? "true" : "false");
            p.put("acks", c % 2 == 0 ? "all" : "1");
            p.put("linger.ms", "5");
            try (Producer<String, String> producer = new KafkaProducer<>(p, new StringSerializer(), new StringSerializer())) {
                List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
                for (int i = 0; i < PER_CODEC; i++, total++) {
                    ProducerRecord<String, String> record =
                        new ProducerRecord<>(topic, total % 3, T0 + total, "k" + total, "value " + total + " " + "x".repeat(100));
                    record.headers().add(new RecordHeader("codec", CODECS[c].getBytes(StandardCharsets.UTF_8)));
                    record.headers().add(new RecordHeader("null", (byte[]) null));
                    sent.add(producer.send(record));
                }
                producer.flush();
                Map<Integer, Long> last = new HashMap<>();
                for (var future : sent) {
                    RecordMetadata m = future.get();
                    Long before = last.put(m.partition(), m.offset());
                    check(before == null || m.offset() == before + 1, "offsets of a partition are consecutive");
                }
            }
        }
        return total;
    }

    private static Properties consumerProperties(String bootstrap, String group) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("group.id", group);
        p.put("auto.offset.reset", "earliest");
        p.put("enable.auto.commit", "false");
        return p;
    }

    private static void consumeInGroup(String bootstrap, String topic, String group, int total) {
        try (Consumer<String, String> consumer =
                 new KafkaConsumer<>(consumerProperties(bootstrap, group), new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            Set<String> seen = new HashSet<>();
            long end = System.currentTimeMillis() + 30_000;
            while (seen.size() < total && System.currentTimeMillis() < end) {
                for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(500))) {
                    int n = Integer.parseInt(r.key().substring(1));
                    check(seen.add(r.key()), "each record once: " + r.key());
                    equal(r.value(), "value " + n + " " + "x".repeat(100), "value");
                    equal(r.timestamp(), T0 + n, "timestamp");
                    equal(r.partition(), n % 3, "partition");
                    equal(new String(r.headers().lastHeader("codec").value()), CODECS[n / PER_CODEC], "header");
                    equal(r.headers().lastHeader("null").value(), null, "null header");
                }
            }
            equal(seen.size(), total, "records read");
            consumer.commitSync();
            Set<TopicPartition> all = Set.copyOf(consumer.assignment());
            equal(all.size(), 3, "assignment");
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            consumer.committed(all).forEach((tp, o) -> equal(o.offset(), ends.get(tp), "committed " + tp));
            TopicPartition first = new TopicPartition(topic, 0);
            consumer.commitSync(Map.of(first, new OffsetAndMetadata(7, "a note")));
            equal(consumer.committed(Set.of(first)).get(first).metadata(), "a note", "commit metadata");
            long target = T0 + total / 2;
            consumer.offsetsForTimes(Map.of(first, target)).forEach((tp, found) -> {
                check(found.timestamp() >= target && found.timestamp() < target + 3, "offset for time " + found);
                equal(found.offset(), (found.timestamp() - T0) / 3, "offset for time " + found);
            });
            equal(consumer.offsetsForTimes(Map.of(first, T0 + 10_000_000)).get(first), null, "offset for a later time");
            consumer.seek(first, 3);
            ConsumerRecords<String, String> again = ConsumerRecords.empty();
            while (again.records(first).isEmpty() && System.currentTimeMillis() < end) again = consumer.poll(Duration.ofMillis(500));
            equal(again.records(first).get(0).offset(), 3L, "offset after seek");
        }
    }

    private static void administer(Admin admin, String topic, Uuid id, String group, int total) throws Exception {
        check(admin.describeCluster().clusterId().get().length() > 10, "cluster id");
        equal(admin.describeCluster().nodes().get().size(), 1, "nodes");
        check(admin.listTopics().names().get().contains(topic), "topic is listed");
        TopicDescription d = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        equal(d.partitions().size(), 3, "partitions");
        equal(d.topicId(), id, "topic id");
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        equal(config.get("retention.ms").value(), "-1", "retention.ms");
        equal(config.get("retention.ms").source(), ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, "source of retention.ms");
        equal(config.get("segment.bytes").source(), ConfigEntry.ConfigSource.DEFAULT_CONFIG, "source of segment.bytes");
        admin.incrementalAlterConfigs(Map.of(resource, List.of(
            new AlterConfigOp(new ConfigEntry("max.message.bytes", "2000"), AlterConfigOp.OpType.SET),
            new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE)))).all().get();
        config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        equal(config.get("max.message.bytes").value(), "2000", "altered max.message.bytes");
        equal(config.get("retention.ms").value(), "604800000", "reset retention.ms");
        fails(InvalidConfigurationException.class, "unknown config", () -> admin.incrementalAlterConfigs(Map.of(resource,
            List.of(new AlterConfigOp(new ConfigEntry("no.such.key", "1"), AlterConfigOp.OpType.SET)))).all().get());

        Map<TopicPartition, OffsetSpec> latest = new HashMap<>(), earliest = new HashMap<>(), max = new HashMap<>();
        for (int i = 0; i < 3; i++) {
            TopicPartition tp = new TopicPartition(topic, i);
            latest.put(tp, OffsetSpec.latest());
            earliest.put(tp, OffsetSpec.earliest());
            max.put(tp, OffsetSpec.maxTimestamp());
        }
        long sum = 0;
        for (var e : admin.listOffsets(latest).all().get().values()) sum += e.offset();
        equal(sum, (long) total, "sum of end offsets");
        for (var e : admin.listOffsets(earliest).all().get().values()) equal(e.offset(), 0L, "earliest offset");
        for (var e : admin.listOffsets(max).all().get().entrySet())
            equal(e.getValue().timestamp(), T0 + total - 3 + (e.getKey().partition() - total % 3 + 3) % 3, "max timestamp of " + e.getKey());

        ConsumerGroupDescription g = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        equal(g.groupState(), GroupState.EMPTY, "state of the group");
        check(admin.listGroups().all().get().stream().anyMatch(x -> x.groupId().equals(group)), "group is listed");
        equal(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().size(), 3, "committed partitions");
        TopicPartition tp = new TopicPartition(topic, 1);
        admin.alterConsumerGroupOffsets(group, Map.of(tp, new OffsetAndMetadata(11))).all().get();
        equal(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(tp).offset(), 11L, "altered offset");
        admin.deleteConsumerGroupOffsets(group, Set.of(tp)).all().get();
        check(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(tp) == null, "offset deleted");

        equal(admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(5))).lowWatermarks().get(tp).get().lowWatermark(), 5L, "low watermark");
        equal(admin.listOffsets(Map.of(tp, OffsetSpec.earliest())).all().get().get(tp).offset(), 5L, "earliest after DeleteRecords");
        check(!admin.describeLogDirs(List.of(d.partitions().get(0).leader().id())).allDescriptions().get().isEmpty(), "log dirs");
        check(admin.describeProducers(List.of(tp)).all().get().get(tp).activeProducers().size() >= 1, "producers");
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
        eventually("five partitions",
            () -> admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size() == 5);
        fails(InvalidPartitionsException.class, "decrease", () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all().get());
        admin.describeFeatures().featureMetadata().get();
        check(admin.listPartitionReassignments().reassignments().get().isEmpty(), "no reassignment");
    }

    /** Two members with the cooperative assignor: the second joins a running group, both end up with a share. */
    private static void cooperativePair(String bootstrap, String topic, int total) {
        Properties p = consumerProperties(bootstrap, topic + "-pair");
        p.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
        try (Consumer<String, String> one = new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer());
             Consumer<String, String> two = new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer())) {
            one.subscribe(List.of(topic));
            long end = System.currentTimeMillis() + 40_000;
            Map<String, Integer> seen = new TreeMap<>();
            while (one.assignment().size() < 5 && System.currentTimeMillis() < end) count(one.poll(Duration.ofMillis(200)), seen);
            equal(one.assignment().size(), 5, "assignment of a lone member");
            two.subscribe(List.of(topic));
            while ((one.assignment().size() + two.assignment().size() != 5 || two.assignment().size() < 2) && System.currentTimeMillis() < end) {
                count(one.poll(Duration.ofMillis(100)), seen);
                count(two.poll(Duration.ofMillis(100)), seen);
            }
            equal(one.assignment().size() + two.assignment().size(), 5, "both assignments together");
            Set<TopicPartition> both = new HashSet<>(one.assignment());
            both.retainAll(two.assignment());
            check(both.isEmpty(), "assignments overlap: " + both);
        }
    }

    private static void count(ConsumerRecords<String, String> records, Map<String, Integer> seen) {
        for (ConsumerRecord<String, String> r : records) seen.merge(r.key(), 1, Integer::sum);
    }
}
