// Drives kafkajs: the codecs that it has in pure JavaScript (none, gzip, snappy), a group, commits, administration.
'use strict'
const { Kafka, CompressionTypes, CompressionCodecs, ConfigResourceTypes, logLevel, Partitioners } = require('kafkajs')
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')

const T0 = 1700000000000
const PER_CODEC = 40
const PARTITIONS = 3
const CODECS = [['none', CompressionTypes.None], ['gzip', CompressionTypes.GZIP], ['snappy', CompressionTypes.Snappy]]
const TOTAL = PER_CODEC * CODECS.length
const key = n => `k${n}`
const value = n => `value ${n} ` + 'x'.repeat(100)

let checks = 0
function check(held, what) {
  checks++
  if (!held) throw new Error(what)
}
function equal(seen, expected, what) {
  check(String(seen) === String(expected), `${what}: saw ${seen}, expected ${expected}`)
}
// For what a broker may tell a moment later than the answer that changed it.
async function eventually(what, held) {
  const end = Date.now() + 30000
  while (!(await held())) {
    check(Date.now() < end, `not within 30 s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  checks++
}

async function main(bootstrap) {
  const kafka = new Kafka({ clientId: 'highway-test', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 2 } })
  const topic = `kafkajs-${process.hrtime.bigint()}`
  const groupId = `${topic}-group`
  const admin = kafka.admin()
  await admin.connect()
  const wanted = { topic, numPartitions: PARTITIONS, replicationFactor: 1, configEntries: [{ name: 'retention.ms', value: '-1' }] }
  equal(await admin.createTopics({ topics: [wanted], waitForLeaders: true }), true, 'created')
  equal(await admin.createTopics({ topics: [wanted] }), false, 'created twice')

  let n = 0
  for (const [codec, compression] of CODECS) {
    const producer = kafka.producer({ idempotent: codec === 'gzip', maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = []
    for (let i = 0; i < PER_CODEC; i++, n++) {
      messages.push({ key: key(n), value: value(n), partition: n % PARTITIONS, timestamp: String(T0 + n), headers: { codec } })
    }
    const answers = await producer.send({ topic, messages, compression, acks: -1 })
    equal(answers.length, PARTITIONS, 'answers')
    await producer.disconnect()
  }

  const consumer = kafka.consumer({ groupId, sessionTimeout: 10000 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const seen = new Set()
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`only ${seen.size} records within 40 s`)), 40000)
    consumer.on(consumer.events.CRASH, e => reject(e.payload.error))
    consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        try {
          const n = Number(message.key.toString().slice(1))
          check(!seen.has(n), `record ${n} twice`)
          seen.add(n)
          equal(message.value, value(n), 'value')
          equal(message.timestamp, T0 + n, 'timestamp')
          equal(partition, n % PARTITIONS, 'partition')
          equal(message.headers.codec, CODECS[Math.floor(n / PER_CODEC)][0], 'header')
        } catch (error) {
          reject(error)
        }
        if (seen.size === TOTAL) {
          clearTimeout(late)
          resolve()
        }
      },
    }).catch(reject)
  })
  const ends = await admin.fetchTopicOffsets(topic)
  equal(ends.reduce((sum, p) => sum + Number(p.high), 0), TOTAL, 'sum of end offsets')
  await consumer.commitOffsets(ends.map(p => ({ topic, partition: p.partition, offset: p.high, metadata: 'a note' })))
  const described = await admin.describeGroups([groupId])
  equal(described.groups[0].state, 'Stable', 'state of the group')
  equal(described.groups[0].members.length, 1, 'members')
  await consumer.disconnect()
  const committed = await admin.fetchOffsets({ groupId, topics: [topic] })
  for (const p of committed[0].partitions) {
    equal(p.offset, ends.find(e => e.partition === p.partition).high, 'committed offset')
    equal(p.metadata, 'a note', 'commit metadata')
  }
  const at = await admin.fetchTopicOffsetsByTimestamp(topic, T0 + TOTAL / 2)
  equal(at.find(p => p.partition === 0).offset, Math.ceil(TOTAL / 2 / PARTITIONS), 'offset for a time')

  const resource = { type: ConfigResourceTypes.TOPIC, name: topic }
  const config = async name => (await admin.describeConfigs({ resources: [{ ...resource, configNames: [name] }] })).resources[0].configEntries[0].configValue
  equal(await config('retention.ms'), '-1', 'retention.ms')
  await admin.alterConfigs({ resources: [{ ...resource, configEntries: [{ name: 'max.message.bytes', value: '7000' }] }] })
  equal(await config('max.message.bytes'), '7000', 'altered config')
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '4' }] })
  equal((await admin.fetchTopicOffsets(topic)).find(p => p.partition === 1).low, '4', 'low watermark')
  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] })
  await eventually('five partitions', async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length === 5)
  check((await admin.listGroups()).groups.some(g => g.groupId === groupId), 'group is listed')
  check((await admin.describeCluster()).clusterId.length > 10, 'cluster id')
  await admin.deleteGroups([groupId])
  await admin.deleteTopics({ topics: [topic] })
  await eventually('topic is gone', async () => !(await admin.listTopics()).includes(topic))
  await admin.disconnect()
  console.log(JSON.stringify({ client: 'kafkajs', version: require('kafkajs/package.json').version, ok: true, checks }))
}

main(process.argv[2]).then(() => process.exit(0), error => {
  console.error(error)
  process.exit(1)
})
