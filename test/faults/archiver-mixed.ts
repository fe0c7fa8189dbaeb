import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSingleObjectCodec, parseSchema, readContainer } from '../../services/shared/avro.ts';
import { createEventCodec, type Envelope } from '../../services/shared/event.ts';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { ROOT } from '../support/process.ts';
import { auditArchive } from './archive-audit.ts';
import { archivedTopic } from './archived.ts';
import { type ArchiverHouse, withArchiverHouse } from './archiver-house.ts';
import type { Fault } from './fault.ts';
import { SOURCE } from './house.ts';
import { startInnerArchiver } from './inner-archiver.ts';
import { createLoad, type Load } from './load.ts';
import { NOTHING } from './totals.ts';

const BROKER = Date.parse('2026-05-01T12:00:00Z');
/** When the tools of the late ones were cut off. */
const LATE = Date.parse('2025-11-01T08:00:00Z');
const EACH = 20;

interface Schema {
  readonly fields: readonly object[];
}

/** What a gateway writes that is newer than every archiver: a version of the envelope with one field more. */
function createNewerCodec() {
  const known = JSON.parse(readFileSync(join(ROOT, 'schemas/event/1.avsc'), 'utf8')) as Schema;
  const field = { name: 'later', type: 'string', default: '' };
  return createSingleObjectCodec<Envelope & { later: string }>([
    parseSchema({ ...known, fields: [...known.fields, field] }),
  ]);
}

interface Column {
  readonly offset: number;
  readonly id: string | null;
  readonly receivedAt: number | null;
  readonly value: Buffer;
}

/** By turns: an event, one of a newer version, a late one, and what is none. All of one student, so of one partition. */
async function sendMixed(house: ArchiverHouse, load: Load): Promise<readonly Buffer[]> {
  const [codec, newer] = [createEventCodec(), createNewerCodec()];
  const producer = await house.dated.createProducer();
  const values: Buffer[] = [];
  const made = load.make(4 * EACH).filter(({ decodable }) => decodable);
  const key = 'one-student';
  const send = async (value: Buffer): Promise<void> => {
    values.push(value);
    await producer.send([{ topic: house.topic, key, value } satisfies OutgoingRecord]);
  };
  for (const [n, one] of made.entries()) {
    const { value } = one.record;
    const decoded = codec.decode(value);
    assert.equal(decoded.kind, 'ok');
    const envelope = (decoded as { value: Envelope }).value;
    if (n % 4 === 0) await send(newer.encode({ ...envelope, later: 'x' }));
    else if (n % 4 === 1) await send(Buffer.from([n, 0, 255]));
    else {
      const own = n % 4 === 2 ? value : codec.encode({ ...envelope, receivedAt: LATE * 1_000 });
      values.push(own);
      await load.append([{ ...one, record: { ...one.record, key, value: own } }]);
    }
  }
  return values;
}

/** All in one object, where their offsets are, to the byte; and of those that are events of a known version, the columns. */
async function assertObject({ archive }: ArchiverHouse, values: readonly Buffer[]): Promise<void> {
  const names: string[] = [];
  for await (const page of archive.list({ prefix: `events/source=${SOURCE}/` }))
    names.push(...page.map(({ name }) => name));
  assert.equal(names.length, 1, `objects, ${names.join(', ')}`);
  assert.match(names[0]!, /date=2026-05-01/);
  const columns = await readContainer<Column>((await archive.get(names[0]!))!.bytes);
  assert.deepEqual(
    columns.map(({ value }) => value.toString('hex')),
    values.map((value) => value.toString('hex')),
  );
  const isEvent = (n: number): boolean => n % 4 > 1;
  assert.deepEqual(
    columns.map(({ id }) => id !== null),
    columns.map((_, n) => isEvent(n)),
    'which have columns',
  );
  const late = columns.filter((_, n) => n % 4 === 3);
  assert.ok(
    late.every(({ receivedAt }) => Number(receivedAt) === LATE * 1_000),
    'when late ones were received',
  );
}

export const archiverMixed: Fault = {
  name: 'archiver-mixed',
  promise:
    'versions of the envelope that are mixed, late events and what is no event split no object and lose no byte',
  rounds: { short: 1, long: 3 },
  async play({ stage, seed, rounds }) {
    let totals = NOTHING;
    for (const _ of rounds)
      totals = await withArchiverHouse(stage, {}, async (house) => {
        const load = await createLoad({ ...house, log: house.dated }, { seed, poison: 0 });
        house.dated.setClock(BROKER);
        const values = await sendMixed(house, load);
        // All are in the log by now, and come at once: they are due together.
        await startInnerArchiver(house, { limits: { maxAgeMs: 2_000 } });
        await archivedTopic(house, house.topic);
        await assertObject(house, values);
        return auditArchive(house, load);
      });
    return totals;
  },
};
