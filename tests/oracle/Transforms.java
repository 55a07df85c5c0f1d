// What the transforms, predicates and converters of Kafka Connect's own jars make of the test cases of connect/data, and how fast
// a chain of them is.
//   java -cp "LIBS/*" tests/oracle/Transforms.java answer CASES > ANSWERS
//   java -cp "LIBS/*" tests/oracle/Transforms.java bench SECONDS
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.header.*;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.*;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

public class Transforms {
    static final ObjectMapper M = new ObjectMapper();
    static final String PACKAGE = "org.apache.kafka.connect.transforms.";
    // Schemas are described once, in the order of their numbers, behind the answers that name the numbers.
    static final Map<String, Integer> SCHEMAS = new LinkedHashMap<>();
    static final JsonConverter ENVELOPE = new JsonConverter();

    public static void main(String[] args) throws Exception {
        ENVELOPE.configure(Map.of("converter.type", "value"));
        if (args[0].equals("bench")) bench(Double.parseDouble(args[1])); else answer(Path.of(args[1]));
    }

    static void answer(Path file) throws Exception {
        JsonNode cases = M.readTree(Files.readAllBytes(file));
        StringBuilder out = new StringBuilder();
        Set<String> classes = new LinkedHashSet<>();
        int number = 0;
        for (JsonNode one : cases.get("transforms")) {
            classes.add(one.get("class").asText());
            Iterator<String> names = cases.get("records").fieldNames();
            while (names.hasNext()) {
                String name = names.next();
                if (one.has("records") && !contains(one.get("records"), name)) continue;
                ObjectNode line = M.createObjectNode().put("transform", number).put("record", name);
                run(one, cases.get("records").get(name), line);
                out.append(M.writeValueAsString(line)).append('\n');
                // Nothing that is wrong with a configuration depends on the record.
                if (line.has("configure")) break;
            }
            number++;
        }
        number = 0;
        for (JsonNode one : cases.get("converters")) {
            for (JsonNode input : one.get("inputs")) {
                ObjectNode line = M.createObjectNode().put("converter", number).put("input", input.asText());
                convert(one, input.asText(), line);
                out.append(M.writeValueAsString(line)).append('\n');
            }
            number++;
        }
        for (String schema : SCHEMAS.keySet()) out.append("{\"schema\":").append(schema).append("}\n");
        for (String name : classes) out.append(M.writeValueAsString(definition(name))).append('\n');
        System.out.print(out);
    }

    static boolean contains(JsonNode list, String name) {
        for (JsonNode item : list) if (item.asText().equals(name)) return true;
        return false;
    }

    static Map<String, String> strings(JsonNode config) {
        Map<String, String> map = new HashMap<>();
        if (config != null) config.fields().forEachRemaining(e -> map.put(e.getKey(), e.getValue().asText()));
        return map;
    }

    static Object plugin(String name) throws Exception {
        return Class.forName(PACKAGE + name).getDeclaredConstructor().newInstance();
    }

    static JsonNode failure(Throwable e) {
        // Addresses of objects differ from run to run.
        String message = e.getMessage() == null ? null : e.getMessage().replaceAll("@[0-9a-f]+", "@");
        return M.createObjectNode().put("class", e.getClass().getName()).put("message", message);
    }

    @SuppressWarnings("unchecked")
    static void run(JsonNode one, JsonNode record, ObjectNode line) throws Exception {
        Object plugin = plugin(one.get("class").asText());
        try {
            if (plugin instanceof Predicate) ((Predicate<?>) plugin).configure(strings(one.get("config")));
            else ((Transformation<?>) plugin).configure(strings(one.get("config")));
        } catch (Exception e) {
            line.set("configure", failure(e));
            return;
        }
        try {
            ConnectRecord<?> input = record(record);
            if (plugin instanceof Predicate) {
                line.put("out", ((Predicate) plugin).test(input));
            } else {
                ConnectRecord<?> result = (ConnectRecord<?>) ((Transformation) plugin).apply(input);
                line.set("out", result == null ? null : dump(result));
            }
        } catch (Exception e) {
            line.set("error", failure(e));
        }
    }

    static void convert(JsonNode one, String input, ObjectNode line) throws Exception {
        String name = one.get("class").asText();
        byte[] bytes = one.has("hex") ? HexFormat.of().parseHex(input) : input.getBytes(StandardCharsets.UTF_8);
        Map<String, String> config = strings(one.get("config"));
        config.put("converter.type", "value");
        Object plugin = Class.forName(name).getDeclaredConstructor().newInstance();
        try {
            SchemaAndValue read;
            byte[] written;
            if (plugin instanceof Converter) {
                ((Converter) plugin).configure(config, false);
                read = ((Converter) plugin).toConnectData("t", bytes);
                line.set("read", dump(read.schema(), read.value()));
                written = ((Converter) plugin).fromConnectData("t", read.schema(), read.value());
            } else {
                ((HeaderConverter) plugin).configure(config);
                read = ((HeaderConverter) plugin).toConnectHeader("t", "h", bytes);
                read = read == null ? SchemaAndValue.NULL : read;
                line.set("read", dump(read.schema(), read.value()));
                written = ((HeaderConverter) plugin).fromConnectHeader("t", "h", read.schema(), read.value());
            }
            line.put("written", written == null ? null
                : one.has("hex") ? HexFormat.of().formatHex(written) : new String(written, StandardCharsets.UTF_8));
        } catch (Exception e) {
            line.set("error", failure(e));
        }
    }

    static JsonNode definition(String name) throws Exception {
        Object plugin = plugin(name);
        ConfigDef def = plugin instanceof Predicate ? ((Predicate<?>) plugin).config() : ((Transformation<?>) plugin).config();
        ArrayNode keys = M.createArrayNode();
        for (ConfigDef.ConfigKey key : def.configKeys().values()) {
            boolean required = !key.hasDefault();
            keys.addObject().put("name", key.name).put("type", key.type.name()).put("required", required)
                .put("default_value", required ? null : ConfigDef.convertToString(key.defaultValue, key.type))
                .put("importance", key.importance.name()).put("group", key.group).put("order", key.orderInGroup)
                .put("width", key.width.name()).put("display_name", key.displayName)
                .put("validator", key.validator == null ? null : key.validator.toString());
        }
        return M.createObjectNode().put("definition", name).set("keys", keys);
    }

    // Records in and out.

    static SchemaAndValue side(JsonNode node) throws Exception {
        if (node == null || node.isNull()) return SchemaAndValue.NULL;
        if (node.has("tagged")) return new SchemaAndValue(null, untag(node.get("tagged")));
        Schema schema = schema(node.get("schema"));
        return new SchemaAndValue(schema, payload(node.get("schema"), schema, node.get("payload")));
    }

    // Schemas of envelopes are read here and not by JsonConverter, which refuses defaults of structs (it compares a schema with its
    // builder). Plain values and whatever has no schema are JsonConverter's.

    static Schema schema(JsonNode node) throws Exception {
        if (node == null || node.isNull()) return null;
        String type = node.get("type").asText();
        if (!type.equals("struct")) {
            return ENVELOPE.asConnectSchema(node);
        }
        List<Field> fields = new ArrayList<>();
        for (JsonNode field : node.get("fields")) fields.add(new Field(field.get("field").asText(), fields.size(), schema(field)));
        Map<String, String> parameters = node.has("parameters") ? strings(node.get("parameters")) : null;
        Schema bare = described(node, null, parameters, fields);
        return node.has("default") ? described(node, payload(node, bare, node.get("default")), parameters, fields) : bare;
    }

    static Schema described(JsonNode node, Object value, Map<String, String> parameters, List<Field> fields) {
        return new ConnectSchema(Schema.Type.STRUCT, node.path("optional").asBoolean(false), value,
            node.has("name") ? node.get("name").asText() : null, node.has("version") ? node.get("version").asInt() : null,
            node.has("doc") ? node.get("doc").asText() : null, parameters, fields, null, null);
    }

    static Object payload(JsonNode node, Schema schema, JsonNode value) throws Exception {
        if (schema == null || schema.type() != Schema.Type.STRUCT) {
            ObjectNode envelope = M.createObjectNode();
            envelope.set("schema", node);
            envelope.set("payload", value);
            return ENVELOPE.toConnectData("t", M.writeValueAsBytes(envelope)).value();
        }
        if (value == null || value.isNull()) return schema.defaultValue();
        Struct struct = new Struct(schema);
        for (JsonNode field : node.get("fields")) {
            String name = field.get("field").asText();
            struct.put(name, payload(field, schema.field(name).schema(), value.get(name)));
        }
        return struct;
    }

    static ConnectRecord<?> record(JsonNode node) throws Exception {
        SchemaAndValue key = side(node.get("key")), value = side(node.get("value"));
        ConnectHeaders headers = new ConnectHeaders();
        if (node.has("headers")) {
            for (JsonNode header : node.get("headers")) headers.add(header.get(0).asText(), side(header.get(1)));
        }
        String topic = node.has("topic") ? node.get("topic").asText() : "topic";
        Long timestamp = node.has("timestamp") && node.get("timestamp").isNull() ? null
            : node.has("timestamp") ? node.get("timestamp").asLong() : Long.valueOf(1234567890123L);
        if (node.has("source")) {
            return new SourceRecord(Map.of(), Map.of(), topic, null, key.schema(), key.value(), value.schema(), value.value(),
                timestamp, headers);
        }
        return new SinkRecord(topic, 3, key.schema(), key.value(), value.schema(), value.value(), 7, timestamp,
            TimestampType.CREATE_TIME, headers);
    }

    static Object untag(JsonNode node) {
        if (node.isNull()) return null;
        JsonNode v = node.get(1);
        switch (node.get(0).asText()) {
            case "i8": return (byte) v.asInt();
            case "i16": return (short) v.asInt();
            case "i32": return v.asInt();
            case "i64": return v.asLong();
            case "f32": return Float.parseFloat(v.asText());
            case "f64": return Double.parseDouble(v.asText());
            case "bool": return v.asBoolean();
            case "str": return v.asText();
            case "bytes": return Base64.getDecoder().decode(v.asText());
            case "dec": return new BigDecimal(v.asText());
            case "date": return new java.util.Date(v.asLong());
            case "list": {
                List<Object> list = new ArrayList<>();
                for (JsonNode item : v) list.add(untag(item));
                return list;
            }
            case "map": {
                Map<Object, Object> map = new HashMap<>();
                for (JsonNode pair : v) map.put(untag(pair.get(0)), untag(pair.get(1)));
                return map;
            }
            default: throw new IllegalArgumentException(node.toString());
        }
    }

    static JsonNode tag(Object value) throws Exception {
        if (value == null) return null;
        ArrayNode out = M.createArrayNode();
        if (value instanceof Byte) return out.add("i8").add((Byte) value);
        if (value instanceof Short) return out.add("i16").add((Short) value);
        if (value instanceof Integer) return out.add("i32").add((Integer) value);
        if (value instanceof Long) return out.add("i64").add((Long) value);
        if (value instanceof Float) return out.add("f32").add(value.toString());
        if (value instanceof Double) return out.add("f64").add(value.toString());
        if (value instanceof Boolean) return out.add("bool").add((Boolean) value);
        if (value instanceof String) return out.add("str").add((String) value);
        if (value instanceof byte[]) return out.add("bytes").add(Base64.getEncoder().encodeToString((byte[]) value));
        if (value instanceof ByteBuffer) return tag(((ByteBuffer) value).array());
        if (value instanceof BigDecimal) return out.add("dec").add(value.toString());
        if (value instanceof java.util.Date) return out.add("date").add(((java.util.Date) value).getTime());
        if (value instanceof List) {
            ArrayNode items = out.add("list").addArray();
            for (Object item : (List<?>) value) items.add(tag(item));
            return out;
        }
        if (value instanceof Map) {
            TreeMap<String, ArrayNode> sorted = new TreeMap<>();
            for (Map.Entry<?, ?> e : ((Map<?, ?>) value).entrySet()) {
                JsonNode key = tag(e.getKey());
                sorted.put(M.writeValueAsString(key), M.createArrayNode().add(key).add(tag(e.getValue())));
            }
            out.add("map").addArray().addAll(sorted.values());
            return out;
        }
        Struct struct = (Struct) value;
        ArrayNode fields = out.add("struct").addArray();
        for (Field field : struct.schema().fields()) {
            fields.addArray().add(field.name()).add(tag(struct.getWithoutDefault(field.name())));
        }
        return out;
    }

    static JsonNode describe(Schema schema) throws Exception {
        if (schema == null) return null;
        ObjectNode out = M.createObjectNode().put("type", schema.type().name()).put("optional", schema.isOptional());
        if (schema.name() != null) out.put("name", schema.name());
        if (schema.version() != null) out.put("version", schema.version());
        if (schema.doc() != null) out.put("doc", schema.doc());
        if (schema.parameters() != null && !schema.parameters().isEmpty()) {
            ObjectNode parameters = out.putObject("parameters");
            new TreeMap<>(schema.parameters()).forEach(parameters::put);
        }
        if (schema.defaultValue() != null) out.set("default", tag(schema.defaultValue()));
        if (schema.type() == Schema.Type.STRUCT) {
            ArrayNode fields = out.putArray("fields");
            for (Field field : schema.fields()) fields.addArray().add(field.name()).add(describe(field.schema()));
        }
        if (schema.type() == Schema.Type.MAP) out.set("keys", describe(schema.keySchema()));
        if (schema.type() == Schema.Type.MAP || schema.type() == Schema.Type.ARRAY) out.set("values", describe(schema.valueSchema()));
        return out;
    }

    static JsonNode dump(Schema schema, Object value) throws Exception {
        ObjectNode out = M.createObjectNode();
        out.put("schema", schema == null ? null : SCHEMAS.computeIfAbsent(describe(schema).toString(), x -> SCHEMAS.size()));
        out.set("value", tag(value));
        return out;
    }

    static JsonNode dump(ConnectRecord<?> record) throws Exception {
        ObjectNode out = M.createObjectNode().put("topic", record.topic()).put("partition", record.kafkaPartition())
            .put("timestamp", record.timestamp());
        out.set("key", dump(record.keySchema(), record.key()));
        out.set("value", dump(record.valueSchema(), record.value()));
        ArrayNode headers = out.putArray("headers");
        for (Header header : record.headers()) headers.addArray().add(header.key()).add(dump(header.schema(), header.value()));
        return out;
    }

    // Speed.

    @SuppressWarnings({"unchecked", "rawtypes"})
    static List<Transformation<SinkRecord>> chain() throws Exception {
        Transformation insert = (Transformation) plugin("InsertField$Value");
        insert.configure(Map.of("topic.field", "topic", "timestamp.field", "at"));
        Transformation replace = (Transformation) plugin("ReplaceField$Value");
        replace.configure(Map.of("exclude", "comment", "renames", "user:customer"));
        Transformation route = (Transformation) plugin("RegexRouter");
        route.configure(Map.of("regex", "(.*)-raw", "replacement", "$1"));
        return List.of(insert, replace, route);
    }

    static SinkRecord sample(boolean withSchema, long i) {
        String user = "customer-" + i % 1000, comment = "x".repeat(60), page = "/shop/articles/" + i % 5000 + "/details";
        String agent = "Mozilla/5.0 (X11; Linux x86_64)";
        Schema schema = null;
        Object value;
        if (withSchema) {
            schema = SCHEMA;
            value = new Struct(SCHEMA).put("id", i).put("user", user).put("page", page).put("agent", agent).put("ms", 12.5)
                .put("status", 200).put("comment", comment);
        } else {
            Map<String, Object> map = new HashMap<>();
            map.put("id", i); map.put("user", user); map.put("page", page); map.put("agent", agent); map.put("ms", 12.5);
            map.put("status", 200L); map.put("comment", comment);
            value = map;
        }
        return new SinkRecord("clicks-raw", 0, null, null, schema, value, i, 1234567890123L + i, TimestampType.CREATE_TIME);
    }

    static final Schema SCHEMA = SchemaBuilder.struct().name("click").field("id", Schema.INT64_SCHEMA)
        .field("user", Schema.STRING_SCHEMA).field("page", Schema.STRING_SCHEMA).field("agent", Schema.STRING_SCHEMA)
        .field("ms", Schema.FLOAT64_SCHEMA).field("status", Schema.INT32_SCHEMA).field("comment", Schema.OPTIONAL_STRING_SCHEMA)
        .build();

    static void bench(double seconds) throws Exception {
        for (boolean withSchema : new boolean[] {true, false}) {
            List<Transformation<SinkRecord>> chain = chain();
            // Records are made outside of the measured time, as the figures of the Rust chain are.
            SinkRecord[] records = new SinkRecord[10_000];
            for (int i = 0; i < records.length; i++) records[i] = sample(withSchema, i);
            double best = 0;
            for (int round = 0; round < 5; round++) {
                long begin = System.nanoTime(), done = 0, kept = 0;
                while (System.nanoTime() - begin < seconds * 1e9) {
                    for (SinkRecord record : records) {
                        SinkRecord out = record;
                        for (Transformation<SinkRecord> step : chain) out = step.apply(out);
                        if (out.topic().length() == 6) kept++;
                    }
                    done += records.length;
                }
                if (kept != done) throw new IllegalStateException("the chain did not do its work");
                best = Math.max(best, done / ((System.nanoTime() - begin) / 1e9));
            }
            System.out.printf("JVM, three transforms, %s: %.0f records/s%n", withSchema ? "struct" : "map", best);
        }
    }
}
