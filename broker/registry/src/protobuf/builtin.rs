//! Files that every schema may import without a reference: Google's well-known types and those that Confluent provides.
//! What is not spelled out here is taken as a message whose fields are unknown.

/// The text of a file that is known in full.
pub(super) fn text(path: &str) -> Option<&'static str> {
    Some(match path {
        "google/protobuf/any.proto" => {
            "syntax = \"proto3\"; package google.protobuf; message Any { string type_url = 1; bytes value = 2; }"
        }
        "google/protobuf/duration.proto" => {
            "syntax = \"proto3\"; package google.protobuf; message Duration { int64 seconds = 1; int32 nanos = 2; }"
        }
        "google/protobuf/timestamp.proto" => {
            "syntax = \"proto3\"; package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }"
        }
        "google/protobuf/empty.proto" => "syntax = \"proto3\"; package google.protobuf; message Empty { }",
        "google/protobuf/field_mask.proto" => {
            "syntax = \"proto3\"; package google.protobuf; message FieldMask { repeated string paths = 1; }"
        }
        "google/protobuf/source_context.proto" => {
            "syntax = \"proto3\"; package google.protobuf; message SourceContext { string file_name = 1; }"
        }
        "google/protobuf/struct.proto" => {
            "syntax = \"proto3\"; package google.protobuf;
             message Struct { map<string, Value> fields = 1; }
             message Value { oneof kind { NullValue null_value = 1; double number_value = 2; string string_value = 3;
               bool bool_value = 4; Struct struct_value = 5; ListValue list_value = 6; } }
             enum NullValue { NULL_VALUE = 0; }
             message ListValue { repeated Value values = 1; }"
        }
        "google/protobuf/wrappers.proto" => {
            "syntax = \"proto3\"; package google.protobuf;
             message DoubleValue { double value = 1; } message FloatValue { float value = 1; }
             message Int64Value { int64 value = 1; } message UInt64Value { uint64 value = 1; }
             message Int32Value { int32 value = 1; } message UInt32Value { uint32 value = 1; }
             message BoolValue { bool value = 1; } message StringValue { string value = 1; }
             message BytesValue { bytes value = 1; }"
        }
        "confluent/type/decimal.proto" => {
            "syntax = \"proto3\"; package confluent.type;
             message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }"
        }
        _ => return None,
    })
}

/// Whether a file is provided, known in full or not.
pub(super) fn is_provided(path: &str) -> bool {
    ["google/protobuf/", "google/type/", "google/api/", "confluent/"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Whether a type's name is of such a file.
pub(super) fn is_opaque(name: &str) -> bool {
    let name = name.strip_prefix('.').unwrap_or(name);
    ["google.", "confluent."].iter().any(|start| name.starts_with(start))
}
