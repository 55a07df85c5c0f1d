//! Settings of brokers and topics.
