//! Kafka's broker settings that mean nothing here, each with the reason, so that a stock `server.properties` is
//! accepted and the log says why a line does nothing.

/// Why a setting of Kafka's has no effect; `None` where Highway has the setting or Kafka has no such setting.
/// Settings of one listener (`listener.name.NAME.KEY`) have the reason of `KEY`.
#[must_use]
pub fn inert_reason(name: &str) -> Option<&'static str> {
    let key = match name.strip_prefix("listener.name.").and_then(|rest| rest.split_once('.')) {
        Some((_, key)) => key,
        None => name,
    };
    let index = INERT.binary_search_by(|(inert, ..)| (*inert).cmp(key)).ok()?;
    INERT.get(index).map(|(_, reason, _)| *reason)
}

/// Whether the setting can be altered while Kafka runs; `None` where it is not in this table.
#[must_use]
pub fn inert_is_dynamic(name: &str) -> Option<bool> {
    let index = INERT.binary_search_by(|(inert, ..)| (*inert).cmp(name)).ok()?;
    INERT.get(index).map(|(.., dynamic)| *dynamic)
}

/// Whether the setting is about TLS or SASL and may hold a secret: such text is never written to the metadata log.
#[must_use]
pub fn inert_is_security(name: &str) -> bool {
    matches!(inert_reason(name), Some(TLS | SASL))
}

const AUTHORIZER: &str = "access control comes with a later version of Highway";
const CLEANER: &str = "the log cleaner is not part of this version of Highway";
const CONTROLLER: &str = "Highway has no separate controller quorum: every node holds the metadata log";
const COORDINATOR: &str = "Highway's coordinators need no such tuning";
const JAVA: &str = "Highway runs no Java classes";
const KIP848: &str = "groups of the newer protocol (KIP-848) are not part of this version of Highway";
const METRICS: &str = "Highway serves its metrics at /metrics and loads no reporters";
const OTHER: &str = "Highway works without this setting";
const QUOTA: &str = "quotas are not part of this version of Highway";
const REPLICA: &str = "Highway does not replicate between brokers: the commit log is what is replicated";
const RUNTIME: &str = "Highway sizes its threads, queues and sockets itself";
const SASL: &str = "SASL comes with a later version of Highway";
const SHARE: &str = "share groups are not part of this version of Highway";
const STREAMS: &str = "streams groups are not part of this version of Highway";
const TIER: &str = "the tier is configured by highway.* settings of a later version";
const TLS: &str = "TLS comes with a later version of Highway";
const TRANSACTIONS: &str = "transactions are not part of this version of Highway";
const UNSTABLE: &str = "Highway offers only stable versions";

/// The settings by name, with the reason and whether Kafka can alter them while it runs.
pub const INERT: &[(&str, &str, bool)] = &[
    ("add.partitions.to.txn.retry.backoff.max.ms", TRANSACTIONS, false),
    ("add.partitions.to.txn.retry.backoff.ms", TRANSACTIONS, false),
    ("alter.config.policy.class.name", JAVA, false),
    ("alter.log.dirs.replication.quota.window.num", REPLICA, false),
    ("alter.log.dirs.replication.quota.window.size.seconds", REPLICA, false),
    ("authorizer.class.name", AUTHORIZER, false),
    ("auto.leader.rebalance.enable", CONTROLLER, false),
    ("background.threads", RUNTIME, true),
    ("broker.heartbeat.interval.ms", CONTROLLER, false),
    ("broker.session.timeout.ms", CONTROLLER, false),
    ("client.quota.callback.class", JAVA, false),
    ("config.providers", JAVA, true),
    ("connection.failed.authentication.delay.ms", SASL, false),
    ("connections.max.reauth.ms", SASL, false),
    ("controlled.shutdown.enable", CONTROLLER, false),
    ("controller.listener.names", CONTROLLER, false),
    ("controller.performance.always.log.threshold.ms", CONTROLLER, false),
    ("controller.performance.sample.period.ms", CONTROLLER, false),
    ("controller.quorum.append.linger.ms", CONTROLLER, false),
    ("controller.quorum.auto.join.enable", CONTROLLER, false),
    ("controller.quorum.bootstrap.servers", CONTROLLER, false),
    ("controller.quorum.election.backoff.max.ms", CONTROLLER, false),
    ("controller.quorum.election.timeout.ms", CONTROLLER, false),
    ("controller.quorum.fetch.max.bytes", CONTROLLER, false),
    ("controller.quorum.fetch.snapshot.max.bytes", CONTROLLER, false),
    ("controller.quorum.fetch.timeout.ms", CONTROLLER, false),
    ("controller.quorum.request.timeout.ms", CONTROLLER, false),
    ("controller.quorum.retry.backoff.ms", CONTROLLER, false),
    ("controller.quorum.voters", CONTROLLER, false),
    ("controller.quota.window.num", CONTROLLER, false),
    ("controller.quota.window.size.seconds", CONTROLLER, false),
    ("controller.socket.timeout.ms", CONTROLLER, false),
    ("cordoned.log.dirs", OTHER, true),
    ("create.topic.policy.class.name", JAVA, false),
    ("delegation.token.expiry.check.interval.ms", SASL, false),
    ("delegation.token.expiry.time.ms", SASL, false),
    ("delegation.token.max.lifetime.ms", SASL, false),
    ("delegation.token.secret.key", SASL, false),
    ("delete.records.purgatory.purge.interval.requests", RUNTIME, false),
    ("early.start.listeners", CONTROLLER, false),
    ("fetch.purgatory.purge.interval.requests", RUNTIME, false),
    ("follower.fetch.last.tiered.offset.enable", TIER, true),
    ("group.consumer.assignment.interval.ms", KIP848, true),
    ("group.consumer.assignors", KIP848, false),
    ("group.consumer.max.assignment.interval.ms", KIP848, false),
    ("group.consumer.max.heartbeat.interval.ms", KIP848, false),
    ("group.consumer.max.session.timeout.ms", KIP848, false),
    ("group.consumer.max.size", KIP848, false),
    ("group.consumer.migration.policy", KIP848, false),
    ("group.consumer.min.assignment.interval.ms", KIP848, false),
    ("group.consumer.min.heartbeat.interval.ms", KIP848, false),
    ("group.consumer.min.session.timeout.ms", KIP848, false),
    ("group.consumer.regex.refresh.interval.ms", KIP848, false),
    ("group.coordinator.append.linger.ms", COORDINATOR, false),
    ("group.coordinator.background.threads", COORDINATOR, false),
    ("group.coordinator.cached.buffer.max.bytes", COORDINATOR, true),
    ("group.coordinator.rebalance.protocols", COORDINATOR, false),
    ("group.coordinator.threads", COORDINATOR, false),
    ("group.share.assignment.interval.ms", SHARE, true),
    ("group.share.assignors", SHARE, false),
    ("group.share.delivery.count.limit", SHARE, false),
    ("group.share.heartbeat.interval.ms", SHARE, false),
    ("group.share.initialize.retry.interval.ms", SHARE, false),
    ("group.share.max.assignment.interval.ms", SHARE, false),
    ("group.share.max.delivery.count.limit", SHARE, false),
    ("group.share.max.heartbeat.interval.ms", SHARE, false),
    ("group.share.max.partition.max.record.locks", SHARE, false),
    ("group.share.max.record.lock.duration.ms", SHARE, false),
    ("group.share.max.session.timeout.ms", SHARE, false),
    ("group.share.max.share.sessions", SHARE, false),
    ("group.share.max.size", SHARE, false),
    ("group.share.min.assignment.interval.ms", SHARE, false),
    ("group.share.min.delivery.count.limit", SHARE, false),
    ("group.share.min.heartbeat.interval.ms", SHARE, false),
    ("group.share.min.partition.max.record.locks", SHARE, false),
    ("group.share.min.record.lock.duration.ms", SHARE, false),
    ("group.share.min.session.timeout.ms", SHARE, false),
    ("group.share.partition.max.record.locks", SHARE, false),
    ("group.share.persister.class.name", SHARE, false),
    ("group.share.record.lock.duration.ms", SHARE, false),
    ("group.share.session.timeout.ms", SHARE, false),
    ("group.streams.assignment.interval.ms", STREAMS, true),
    ("group.streams.heartbeat.interval.ms", STREAMS, false),
    ("group.streams.initial.rebalance.delay.ms", STREAMS, false),
    ("group.streams.max.assignment.interval.ms", STREAMS, false),
    ("group.streams.max.heartbeat.interval.ms", STREAMS, false),
    ("group.streams.max.session.timeout.ms", STREAMS, false),
    ("group.streams.max.size", STREAMS, false),
    ("group.streams.max.standby.replicas", STREAMS, false),
    ("group.streams.min.assignment.interval.ms", STREAMS, false),
    ("group.streams.min.heartbeat.interval.ms", STREAMS, false),
    ("group.streams.min.session.timeout.ms", STREAMS, false),
    ("group.streams.num.standby.replicas", STREAMS, false),
    ("group.streams.session.timeout.ms", STREAMS, false),
    ("initial.broker.registration.timeout.ms", CONTROLLER, false),
    ("internal.metadata.delete.delay.millis", CONTROLLER, false),
    ("internal.metadata.log.segment.bytes", CONTROLLER, false),
    ("internal.metadata.max.batch.size.in.bytes", CONTROLLER, false),
    ("kafka.metrics.polling.interval.secs", METRICS, false),
    ("kafka.metrics.reporters", METRICS, false),
    ("leader.imbalance.check.interval.seconds", CONTROLLER, false),
    ("log.cleaner.backoff.ms", CLEANER, true),
    ("log.cleaner.dedupe.buffer.size", CLEANER, true),
    ("log.cleaner.enable", CLEANER, false),
    ("log.cleaner.io.buffer.load.factor", CLEANER, true),
    ("log.cleaner.io.buffer.size", CLEANER, true),
    ("log.cleaner.io.max.bytes.per.second", CLEANER, true),
    ("log.cleaner.threads", CLEANER, true),
    ("log.dir.failure.timeout.ms", OTHER, false),
    ("log.flush.offset.checkpoint.interval.ms", OTHER, false),
    ("log.flush.start.offset.checkpoint.interval.ms", OTHER, false),
    ("log.initial.task.delay.ms", OTHER, false),
    ("max.connection.creation.rate", OTHER, true),
    ("max.connections.per.ip.overrides", OTHER, true),
    ("max.request.partition.size.limit", OTHER, false),
    ("metadata.log.dir", CONTROLLER, false),
    ("metadata.log.max.record.bytes.between.snapshots", CONTROLLER, false),
    ("metadata.log.max.snapshot.interval.ms", CONTROLLER, false),
    ("metadata.log.segment.bytes", CONTROLLER, false),
    ("metadata.log.segment.ms", CONTROLLER, false),
    ("metadata.max.idle.interval.ms", CONTROLLER, false),
    ("metadata.max.retention.bytes", CONTROLLER, false),
    ("metadata.max.retention.ms", CONTROLLER, false),
    ("metric.reporters", METRICS, true),
    ("metrics.num.samples", METRICS, false),
    ("metrics.recording.level", METRICS, false),
    ("metrics.sample.window.ms", METRICS, false),
    ("num.io.threads", RUNTIME, true),
    ("num.network.threads", RUNTIME, true),
    ("num.recovery.threads.per.data.dir", RUNTIME, true),
    ("num.replica.alter.log.dirs.threads", REPLICA, false),
    ("num.replica.fetchers", REPLICA, true),
    ("offsets.commit.timeout.ms", COORDINATOR, false),
    ("offsets.load.buffer.size", COORDINATOR, false),
    ("offsets.topic.compression.codec", COORDINATOR, false),
    ("principal.builder.class", SASL, true),
    ("producer.purgatory.purge.interval.requests", RUNTIME, false),
    ("queued.max.requests", RUNTIME, false),
    ("quota.window.num", QUOTA, false),
    ("quota.window.size.seconds", QUOTA, false),
    ("remote.fetch.max.wait.ms", TIER, true),
    ("remote.list.offsets.request.timeout.ms", TIER, true),
    ("remote.log.index.file.cache.total.size.bytes", TIER, true),
    ("remote.log.index.file.cache.ttl.ms", TIER, false),
    ("remote.log.manager.copier.thread.pool.size", TIER, true),
    ("remote.log.manager.copy.max.bytes.per.second", TIER, true),
    ("remote.log.manager.copy.quota.window.num", TIER, false),
    ("remote.log.manager.copy.quota.window.size.seconds", TIER, false),
    ("remote.log.manager.expiration.thread.pool.size", TIER, true),
    ("remote.log.manager.fetch.max.bytes.per.second", TIER, true),
    ("remote.log.manager.fetch.quota.window.num", TIER, false),
    ("remote.log.manager.fetch.quota.window.size.seconds", TIER, false),
    ("remote.log.manager.follower.thread.pool.size", TIER, true),
    ("remote.log.manager.task.interval.ms", TIER, false),
    ("remote.log.manager.task.retry.backoff.max.ms", TIER, false),
    ("remote.log.manager.task.retry.backoff.ms", TIER, false),
    ("remote.log.manager.task.retry.jitter", TIER, false),
    ("remote.log.manager.thread.pool.size", TIER, false),
    ("remote.log.metadata.custom.metadata.max.bytes", TIER, false),
    ("remote.log.metadata.manager.class.name", TIER, false),
    ("remote.log.metadata.manager.class.path", TIER, false),
    ("remote.log.metadata.manager.impl.prefix", TIER, false),
    ("remote.log.metadata.manager.listener.name", TIER, false),
    ("remote.log.reader.max.pending.tasks", TIER, false),
    ("remote.log.reader.threads", TIER, true),
    ("remote.log.storage.manager.class.name", TIER, false),
    ("remote.log.storage.manager.class.path", TIER, false),
    ("remote.log.storage.manager.impl.prefix", TIER, false),
    ("remote.log.storage.system.enable", TIER, false),
    ("replica.fetch.backoff.ms", REPLICA, false),
    ("replica.fetch.max.bytes", REPLICA, false),
    ("replica.fetch.min.bytes", REPLICA, false),
    ("replica.fetch.response.max.bytes", REPLICA, false),
    ("replica.fetch.wait.max.ms", REPLICA, false),
    ("replica.high.watermark.checkpoint.interval.ms", REPLICA, false),
    ("replica.lag.time.max.ms", REPLICA, false),
    ("replica.selector.class", REPLICA, false),
    ("replica.socket.receive.buffer.bytes", REPLICA, false),
    ("replica.socket.timeout.ms", REPLICA, false),
    ("replication.quota.window.num", REPLICA, false),
    ("replication.quota.window.size.seconds", REPLICA, false),
    ("request.timeout.ms", OTHER, false),
    ("sasl.client.callback.handler.class", SASL, false),
    ("sasl.enabled.mechanisms", SASL, true),
    ("sasl.jaas.config", SASL, true),
    ("sasl.kerberos.kinit.cmd", SASL, true),
    ("sasl.kerberos.min.time.before.relogin", SASL, true),
    ("sasl.kerberos.principal.to.local.rules", SASL, true),
    ("sasl.kerberos.service.name", SASL, true),
    ("sasl.kerberos.ticket.renew.jitter", SASL, true),
    ("sasl.kerberos.ticket.renew.window.factor", SASL, true),
    ("sasl.login.callback.handler.class", SASL, false),
    ("sasl.login.class", SASL, false),
    ("sasl.login.connect.timeout.ms", SASL, false),
    ("sasl.login.read.timeout.ms", SASL, false),
    ("sasl.login.refresh.buffer.seconds", SASL, true),
    ("sasl.login.refresh.min.period.seconds", SASL, true),
    ("sasl.login.refresh.window.factor", SASL, true),
    ("sasl.login.refresh.window.jitter", SASL, true),
    ("sasl.login.retry.backoff.max.ms", SASL, false),
    ("sasl.login.retry.backoff.ms", SASL, false),
    ("sasl.mechanism.controller.protocol", SASL, false),
    ("sasl.mechanism.inter.broker.protocol", SASL, true),
    ("sasl.oauthbearer.assertion.algorithm", SASL, false),
    ("sasl.oauthbearer.assertion.claim.aud", SASL, false),
    ("sasl.oauthbearer.assertion.claim.exp.seconds", SASL, false),
    ("sasl.oauthbearer.assertion.claim.iss", SASL, false),
    ("sasl.oauthbearer.assertion.claim.jti.include", SASL, false),
    ("sasl.oauthbearer.assertion.claim.nbf.seconds", SASL, false),
    ("sasl.oauthbearer.assertion.claim.sub", SASL, false),
    ("sasl.oauthbearer.assertion.file", SASL, false),
    ("sasl.oauthbearer.assertion.private.key.file", SASL, false),
    ("sasl.oauthbearer.assertion.private.key.passphrase", SASL, false),
    ("sasl.oauthbearer.assertion.template.file", SASL, false),
    ("sasl.oauthbearer.client.credentials.client.id", SASL, false),
    ("sasl.oauthbearer.client.credentials.client.secret", SASL, false),
    ("sasl.oauthbearer.clock.skew.seconds", SASL, false),
    ("sasl.oauthbearer.expected.audience", SASL, false),
    ("sasl.oauthbearer.expected.issuer", SASL, false),
    ("sasl.oauthbearer.jwks.endpoint.refresh.ms", SASL, false),
    ("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", SASL, false),
    ("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", SASL, false),
    ("sasl.oauthbearer.jwks.endpoint.url", SASL, false),
    ("sasl.oauthbearer.jwt.retriever.class", SASL, false),
    ("sasl.oauthbearer.jwt.validator.class", SASL, false),
    ("sasl.oauthbearer.scope", SASL, false),
    ("sasl.oauthbearer.scope.claim.name", SASL, false),
    ("sasl.oauthbearer.sub.claim.name", SASL, false),
    ("sasl.oauthbearer.token.endpoint.url", SASL, false),
    ("sasl.server.callback.handler.class", SASL, false),
    ("sasl.server.max.receive.size", SASL, false),
    ("security.inter.broker.protocol", SASL, false),
    ("security.providers", TLS, false),
    ("server.max.startup.time.ms", CONTROLLER, false),
    ("share.coordinator.append.linger.ms", SHARE, false),
    ("share.coordinator.cached.buffer.max.bytes", SHARE, true),
    ("share.coordinator.cold.partition.snapshot.interval.ms", SHARE, false),
    ("share.coordinator.load.buffer.size", SHARE, false),
    ("share.coordinator.snapshot.update.records.per.snapshot", SHARE, false),
    ("share.coordinator.state.topic.compression.codec", SHARE, false),
    ("share.coordinator.state.topic.min.isr", SHARE, false),
    ("share.coordinator.state.topic.num.partitions", SHARE, false),
    ("share.coordinator.state.topic.prune.interval.ms", SHARE, false),
    ("share.coordinator.state.topic.replication.factor", SHARE, false),
    ("share.coordinator.state.topic.segment.bytes", SHARE, false),
    ("share.coordinator.threads", SHARE, false),
    ("share.coordinator.write.timeout.ms", SHARE, false),
    ("share.fetch.purgatory.purge.interval.requests", SHARE, false),
    ("socket.connection.setup.timeout.max.ms", RUNTIME, false),
    ("socket.connection.setup.timeout.ms", RUNTIME, false),
    ("ssl.allow.dn.changes", TLS, false),
    ("ssl.allow.san.changes", TLS, false),
    ("ssl.cipher.suites", TLS, true),
    ("ssl.client.auth", TLS, true),
    ("ssl.enabled.protocols", TLS, true),
    ("ssl.endpoint.identification.algorithm", TLS, true),
    ("ssl.engine.factory.class", TLS, true),
    ("ssl.key.password", TLS, true),
    ("ssl.keymanager.algorithm", TLS, true),
    ("ssl.keystore.certificate.chain", TLS, true),
    ("ssl.keystore.key", TLS, true),
    ("ssl.keystore.location", TLS, true),
    ("ssl.keystore.password", TLS, true),
    ("ssl.keystore.type", TLS, true),
    ("ssl.principal.mapping.rules", TLS, false),
    ("ssl.protocol", TLS, true),
    ("ssl.provider", TLS, true),
    ("ssl.secure.random.implementation", TLS, true),
    ("ssl.trustmanager.algorithm", TLS, true),
    ("ssl.truststore.certificates", TLS, true),
    ("ssl.truststore.location", TLS, true),
    ("ssl.truststore.password", TLS, true),
    ("ssl.truststore.type", TLS, true),
    ("telemetry.max.bytes", METRICS, false),
    ("transaction.abort.timed.out.transaction.cleanup.interval.ms", TRANSACTIONS, false),
    ("transaction.partition.verification.enable", TRANSACTIONS, true),
    ("transaction.remove.expired.transaction.cleanup.interval.ms", TRANSACTIONS, false),
    ("transaction.state.log.load.buffer.size", TRANSACTIONS, false),
    ("transaction.state.log.min.isr", TRANSACTIONS, false),
    ("transaction.state.log.num.partitions", TRANSACTIONS, false),
    ("transaction.state.log.replication.factor", TRANSACTIONS, false),
    ("transaction.state.log.segment.bytes", TRANSACTIONS, false),
    ("transaction.two.phase.commit.enable", TRANSACTIONS, false),
    ("unclean.leader.election.interval.ms", CONTROLLER, false),
    ("unstable.api.versions.enable", UNSTABLE, false),
    ("unstable.feature.versions.enable", UNSTABLE, false),
];

#[cfg(test)]
mod tests {
    use super::super::table::{BROKER_CONFIGS, BrokerConfigDef};
    use super::*;

    #[test]
    fn every_setting_of_kafka_is_in_one_table() {
        assert!(INERT.is_sorted_by_key(|(name, ..)| *name));
        assert!(BROKER_CONFIGS.is_sorted_by_key(BrokerConfigDef::name));
        assert!(BROKER_CONFIGS.iter().all(|def| inert_reason(def.name()).is_none()));
        // Apache Kafka 4.3.1 defines 360; one of the table is Highway's own.
        assert_eq!(INERT.len() + BROKER_CONFIGS.len() - 1, 360);
    }

    #[test]
    fn a_listeners_own_settings_have_the_reason_of_the_setting() {
        assert_eq!(
            inert_reason("listener.name.external.ssl.keystore.location"),
            inert_reason("ssl.keystore.location")
        );
        assert!(inert_reason("ssl.keystore.location").is_some());
        assert_eq!(inert_reason("no.such.setting"), None);
    }
}
