//! Values of classic groups.

use bytes::Bytes;

use super::RecordError;
use super::read::Reader;
use super::write::Writer;

/// A member in [`GroupMetadataValue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberMetadata {
    /// The member's id.
    pub member_id: String,
    /// v3+.
    pub instance_id: Option<String>,
    /// The client's id.
    pub client_id: String,
    /// The client's address.
    pub client_host: String,
    /// v1+; -1 if not known, then the session timeout stands for it.
    pub rebalance_timeout_ms: i32,
    /// Milliseconds.
    pub session_timeout_ms: i32,
    /// The member's metadata for the group's protocol.
    pub subscription: Bytes,
    /// What the leader assigned.
    pub assignment: Bytes,
}

/// Kafka's `GroupMetadataValue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMetadataValue {
    /// Empty if none.
    pub protocol_type: String,
    /// The generation.
    pub generation: i32,
    /// The chosen protocol.
    pub protocol: Option<String>,
    /// The leader's member id.
    pub leader: Option<String>,
    /// v2+; milliseconds since the epoch, -1 if not known.
    pub state_timestamp: i64,
    /// All members; empty for an empty group.
    pub members: Vec<MemberMetadata>,
}

impl GroupMetadataValue {
    /// The bytes of version 3.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut writer = Writer::new(3);
        writer
            .string(&self.protocol_type)
            .i32(self.generation)
            .nullable_string(self.protocol.as_deref())
            .nullable_string(self.leader.as_deref())
            .i64(self.state_timestamp)
            .i32(i32::try_from(self.members.len()).expect("group.max.size is an int32"));
        for member in &self.members {
            writer
                .string(&member.member_id)
                .nullable_string(member.instance_id.as_deref())
                .string(&member.client_id)
                .string(&member.client_host)
                .i32(member.rebalance_timeout_ms)
                .i32(member.session_timeout_ms)
                .bytes(&member.subscription)
                .bytes(&member.assignment);
        }
        writer.finish()
    }

    /// Reads versions 0 to 4.
    ///
    /// # Errors
    /// Bytes that do not fit their version, or another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        let version = reader.i16()?;
        if !(0..=4).contains(&version) {
            return Err(RecordError::UnknownVersion { kind: "GroupMetadataValue", version });
        }
        let flexible = version >= 4;
        let protocol_type = string(&mut reader, flexible)?;
        let generation = reader.i32()?;
        let protocol = nullable(&mut reader, flexible)?;
        let leader = nullable(&mut reader, flexible)?;
        let state_timestamp = if version >= 2 { reader.i64()? } else { -1 };
        // three strings, an int32 and two byte strings at the least
        let count = if flexible { reader.compact_array_len(9)? } else { reader.array_len(18)? };
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            members.push(MemberMetadata {
                member_id: string(&mut reader, flexible)?,
                instance_id: if version >= 3 { nullable(&mut reader, flexible)? } else { None },
                client_id: string(&mut reader, flexible)?,
                client_host: string(&mut reader, flexible)?,
                rebalance_timeout_ms: if version >= 1 { reader.i32()? } else { -1 },
                session_timeout_ms: reader.i32()?,
                subscription: blob(&mut reader, flexible)?,
                assignment: blob(&mut reader, flexible)?,
            });
            if flexible {
                reader.skip_tags()?;
            }
        }
        if flexible {
            reader.skip_tags()?;
        }
        Ok(Self { protocol_type, generation, protocol, leader, state_timestamp, members })
    }
}

fn string(reader: &mut Reader<'_>, flexible: bool) -> Result<String, RecordError> {
    if flexible { reader.compact_string() } else { reader.string() }
}

fn nullable(reader: &mut Reader<'_>, flexible: bool) -> Result<Option<String>, RecordError> {
    if flexible { reader.compact_nullable_string() } else { reader.nullable_string() }
}

fn blob(reader: &mut Reader<'_>, flexible: bool) -> Result<Bytes, RecordError> {
    let bytes = if flexible { reader.compact_bytes()? } else { reader.bytes()? };
    Ok(Bytes::copy_from_slice(bytes))
}
