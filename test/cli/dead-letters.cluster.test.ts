import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stackVariables } from '../../deploy/local/stack.ts';
import { dropLetters } from '../../services/cli/drop-letters.ts';
import { findLetters } from '../../services/cli/find-letters.ts';
import { switchModule } from '../../services/cli/modules-switch.ts';
import { type OpenedHouse, openHouse } from '../../services/cli/open-house.ts';
import { requeueLetters } from '../../services/cli/requeue-letters.ts';
import { waitRequeued } from '../../services/cli/wait-requeued.ts';
import { controlTopic, deadLettersTopic, eventsTopic } from '../../services/shared/topics.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { checkpoint, letterOf, readAll, reduceRequeued, relay } from './cli-house.ts';

const SOURCE = 'org.mitros.writing_analytics';
const STUDENTS = ['a', 'b', 'c', 'd', 'e', 'f'];

describeOnStack('dead letters on Kafka, Redis and S3', () => {
  const namespace = uniqueName('cli');
  const topic = eventsTopic(namespace, SOURCE);
  const unit = { module: 'student_events.v1', topic, partition: 1 };
  const reducer = 'student_events.student_event_counter';
  const opened: OpenedHouse[] = [];
  const open = async (): Promise<OpenedHouse['house']> => {
    const variables = { ...stackVariables(stack()), LECTERN_S3_BUCKET: namespace };
    const found = await openHouse({ ...variables, LECTERN_NAMESPACE: namespace });
    opened.push(found);
    return found.house;
  };

  beforeAll(async () => {
    const { s3 } = stack();
    const client = new S3Client({
      endpoint: s3.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    });
    await client.send(new CreateBucketCommand({ Bucket: namespace }));
    client.destroy();
  });
  afterAll(async () => {
    for (const { close } of opened.splice(0)) await close();
  });

  test('are listed, requeued, dropped and waited for as the worker and other terminals see them', async () => {
    const house = await open();
    await house.log.ensureTopics([
      { name: topic, partitions: 2 },
      { name: controlTopic(namespace), partitions: 1 },
      { name: deadLettersTopic(namespace), partitions: 1 },
    ]);
    const producer = await house.log.createProducer();
    await producer.send(
      STUDENTS.map((key) => ({ topic, key, value: Buffer.from(`of ${key}`), partition: 1 })),
    );
    await producer.close();
    const letters = [0, 1, 2].map((offset) => letterOf(unit, offset, { reducer }));
    await checkpoint(house.state, unit, STUDENTS.length, { deadLetters: letters });
    await relay(house, unit);

    const { letters: listed } = await findLetters(house, { limit: 10 });
    expect(listed).toEqual(
      [0, 1, 2].map((offset) => ({ unit, reducer, offset, reason: `refused ${offset}`, stack: null })),
    );

    const requeued = await requeueLetters(house, listed.slice(0, 2));
    expect(requeued).toMatchObject([
      { status: 'requeued', offset: 6 },
      { status: 'requeued', offset: 7 },
    ]);
    const [, original, , , , , , again] = await readAll(house.log, topic, 1);
    expect(again).toMatchObject({ key: original!.key, value: original!.value });

    const terminal = await open();
    expect(await dropLetters(terminal, listed.slice(2), 'no use')).toMatchObject([{ status: 'dropped' }]);
    await house.control.caughtUp();
    const whys = [...house.control.leftOut(unit).values()].map(({ offset, why }) => [offset, why]);
    expect(whys).toEqual([
      [0, 'requeue'],
      [1, 'requeue'],
      [2, 'drop'],
    ]);

    const waiting = waitRequeued(terminal, requeued, 20_000);
    expect(await reduceRequeued(house, unit, (offset) => offset === 1)).toEqual([
      `${reducer}@0`,
      `${reducer}@1`,
    ]);
    await relay(house, unit);
    expect(await waiting).toMatchObject([{ status: 'closed' }, { status: 'failed again' }]);

    await switchModule(house, 'student_events', true, 'a look at it');
    await terminal.control.caughtUp();
    expect(terminal.control.pausedBecause('student_events')).toContain('a look at it');
    expect(await switchModule(terminal, 'student_events', false, 'done')).toBe('student_events goes on');
  }, 60_000);

  test('another process knows what was published the moment it has caught up, without a group join', async () => {
    const [writer, reader] = [await open(), await open()];
    await Promise.all([writer.control.caughtUp(), reader.control.caughtUp()]);
    for (let offset = 100; offset < 130; offset++) {
      const verdict = { kind: 'left-out', ...unit, reducer, offset, why: 'budget', reason: 'late' } as const;
      await writer.control.publish(verdict);
      await reader.control.caughtUp();
      expect(reader.control.leftOut(unit).has(`${reducer}@${offset}`)).toBe(true);
    }
    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        writer.control.publish({
          kind: 'left-out',
          ...unit,
          reducer,
          offset: 1_000 + index,
          why: 'state',
          reason: 'too large',
        }),
      ),
    );
    await reader.control.caughtUp();
    expect(reader.control.leftOut(unit).size).toBe(writer.control.leftOut(unit).size);
  }, 60_000);
});
