import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { createHistory } from '../../services/shared/history/history.ts';
import type { History } from '../../services/shared/history/port.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { collect } from '../support/collect.ts';
import { putObject } from '../support/history-house.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';

describeOnStack('history on Kafka and S3', () => {
  const namespace = uniqueName('history');
  const at = { topic: eventsTopic(namespace, 'essay'), partition: 0 };
  const objects: string[] = [];
  let log: EventLog;
  let archive: ArchiveStore;
  let history: History;
  let admin: ReturnType<InstanceType<typeof kafkajs.Kafka>['admin']>;
  let all: readonly LogRecord[];

  beforeAll(async () => {
    const { brokers, s3 } = stack();
    const logger = createLogger({ service: 'history', level: 'silent' });
    log = createKafkaLog({ brokers, clientId: 'history', logger, sessionTimeoutMs: 10_000 });
    await log.ensureTopics([{ name: at.topic, partitions: 1 }]);
    const producer = await log.createProducer();
    await producer.send(
      Array.from({ length: 300 }, (_, n) => ({
        topic: at.topic,
        key: `key-${n % 7}`,
        value: Buffer.from(`value ${n} é\0`),
        headers: n % 4 === 0 ? { origin: Buffer.from([0, 255, n % 256]), empty: Buffer.alloc(0) } : {},
      })),
    );
    await producer.close();
    all = await collect(log.read({ ...at, from: 0, to: 300 }));
    const settings = { endpoint: s3.endpoint, region: 'us-east-1', bucket: uniqueName('history') };
    const { accessKeyId, secretAccessKey } = s3;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ ...settings, forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
    client.destroy();
    archive = createS3Archive({ ...settings, ...credentials });
    for (const [from, to] of [
      [0, 100],
      [100, 120],
      [120, 250],
    ] as const)
      objects.push(await putObject(archive, at, all.slice(from, to)));
    history = createHistory({ log, archive, namespace });
    admin = new kafkajs.Kafka({ clientId: 'history', brokers: [...brokers], logLevel: 0 }).admin();
    await admin.connect();
    // An admin client of kafkajs deletes records of topics only that it was asked about before.
    await admin.fetchTopicOffsets(at.topic);
  }, 120_000);
  afterAll(async () => {
    await admin?.disconnect();
    await log?.close();
    await archive?.close();
  });

  /** Retention: the log loses what is below an offset. */
  const expire = async (below: number): Promise<void> => {
    await admin.deleteTopicRecords({
      topic: at.topic,
      partitions: [{ partition: 0, offset: String(below) }],
    });
    expect(await log.offsets(at.topic)).toEqual([{ partition: 0, start: below, end: 300 }]);
  };
  const read = (from: number, to: number): Promise<LogRecord[]> => collect(history.read({ ...at, from, to }));

  test('a log that lost nothing is read alone', async () => {
    expect(all).toHaveLength(300);
    expect(await history.start(at)).toBe(0);
    expect(await collect(history.archived(at, 0))).toEqual([]);
    expect(await read(0, 300)).toEqual(all);
  });

  test('what expired comes out of the archive, exactly as the log held it', async () => {
    await expire(110);
    expect(await history.start(at)).toBe(0);
    expect(await collect(history.archived(at, 0))).toEqual(all.slice(0, 120));
    expect(await collect(history.archived(at, 115))).toEqual([]);
    expect(await read(0, 300)).toEqual(all);
    expect(await read(90, 115)).toEqual(all.slice(90, 115));
  });

  test('what expires while it is read comes out of the archive too', async () => {
    const found: LogRecord[] = [];
    for await (const records of history.read({ ...at, from: 0, to: 300 })) {
      if (found.length === 0) await expire(200);
      found.push(...records);
    }
    expect(found).toEqual(all);
  });

  test('what is in neither is named', async () => {
    await archive.delete(objects[1]!);
    await expect(read(50, 300)).rejects.toMatchObject({
      code: 'HISTORY_GAP',
      message: expect.stringContaining(`offsets 100 to 119 of ${at.topic}/0`),
    });
    expect(await read(120, 300)).toEqual(all.slice(120));
  });
});
