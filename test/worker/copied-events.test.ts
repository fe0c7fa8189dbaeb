import { expect, test } from '@jest/globals';
import { requeueHeaders } from '../../services/shared/control/requeue-record.ts';
import { NO_ERASURES } from '../../services/shared/erasing/erasures.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { copiedFrom, copyHeaders } from '../../services/shared/unclaimed/copy-headers.ts';
import { copyOriginOf, withCopies } from '../../services/worker/copied-events.ts';
import { createDecoder } from '../../services/worker/decode.ts';
import { createIdWindow } from '../../services/worker/duplicates.ts';
import { createIntake, type Item } from '../../services/worker/intake.ts';
import { createSessions, type Sessions } from '../../services/worker/sessions.ts';
import { eventRecord } from '../support/events.ts';
import { apply, itemOf, load } from './sessions-items.ts';

const WAITING = 'n.events._unclaimed';
const createRules = (): Sessions => withCopies(createSessions({ maxBytes: () => 1_000_000 }));
const copy = (offset: number, partition = 0) => ({ topic: WAITING, partition, offset, n: 0 });

function item(offset: number, fields: Partial<Item> = {}, sequence: number | null = null): Item {
  const sent = { offset, timestamp: 0, key: 'a', id: `id${offset}`, session: 's', sequence };
  return { ...itemOf(sent), ...fields };
}

/** Which of the items count, one batch each, as the store has them after it. */
function take(rules: Sessions, store: Map<string, string>, items: readonly Item[]): boolean[] {
  return items.map((one) => {
    load(rules, [one], store);
    const accepted = rules.accept(one);
    const states = new Map<string, string | null>();
    rules.write(states);
    apply(states, store);
    return accepted;
  });
}

test('a copy counts once, however often it is copied and whoever owns the unit', () => {
  const store = new Map<string, string>();
  const items = [
    item(0),
    item(1, { origin: copy(5) }),
    item(2, { origin: copy(7) }),
    item(3, { origin: copy(5) }),
    item(4, { origin: copy(6, 1) }),
  ];
  expect(take(createRules(), store, items)).toEqual([true, true, true, false, true]);
  expect([...store]).toEqual([
    [`Mark,${WAITING}/0`, '7,0'],
    [`Mark,${WAITING}/1`, '6,0'],
  ]);
  // Another owner knows what is stored.
  const more = [item(5, { origin: copy(7) }), item(6, { origin: copy(8) })];
  expect(take(createRules(), store, more)).toEqual([false, true]);
});

test('a copy of what its sender sent again in the meantime counts by its session, however late', () => {
  const store = new Map<string, string>();
  const direct = [item(0, {}, 3_000), item(1, {}, 3_001)];
  const copies = [item(2, { origin: copy(0) }, 2), item(3, { origin: copy(1) }, 3_001)];
  expect(take(createRules(), store, [...direct, ...copies])).toEqual([true, true, true, false]);
});

test('sessions and marks are asked for, counted and written together', () => {
  const rules = createRules();
  const items = [item(0, {}, 1), item(1, { origin: copy(5) }, 2)];
  expect(load(rules, items, new Map())).toEqual(['Session,,SESSION:s,STUDENT:a', `Mark,${WAITING}/0`]);
  for (const one of items) rules.accept(one);
  expect(rules.dirtyFields).toBe(2);
  expect(rules.dirtyBytes).toBeGreaterThan(300);
  expect(rules.logTime).toBe(0);
});

test('a copy that cannot be reduced is a dead letter once', () => {
  const refused = { event: null, refusal: 'no key' };
  const items = [item(0, { ...refused, origin: copy(5) }), item(1, { ...refused, origin: copy(5) })];
  expect(take(createRules(), new Map(), items)).toEqual([true, false]);
});

const decoder = createDecoder();

function intake() {
  return createIntake({
    moduleId: 'm.v1',
    keysOf: ({ student }) => [student],
    originOf: copyOriginOf,
    window: createIdWindow(2),
    erasures: NO_ERASURES,
    position: 0,
    readFrom: 0,
    anchor: null,
    duplicate: () => undefined,
  });
}

function record(offset: number, id: string, headers: LogRecord['headers'] = {}): LogRecord {
  const { key, value } = eventRecord({ namespace: 'n', source: 's', student: 'a', id });
  return { offset, timestamp: 0, key: Buffer.from(key), value, headers };
}

const copied = (offset: number) => copyHeaders({ topic: WAITING, partition: 0, offset });

test('a copy of what was sent again directly is no event, and neither is its own copy when the id is forgotten', () => {
  const records = [
    record(0, 'x'),
    record(1, 'x', copied(5)),
    record(2, 'y'),
    record(3, 'z'),
    record(4, 'w'),
    record(5, 'x', copied(5)),
  ];
  const taken = intake().take(records, (one) => decoder(one, false));
  if (taken.kind !== 'ok') throw new Error(taken.reason);
  const isNothing = ({ event, origin }: Item): boolean => event === null && origin === null;
  const [, again, , , , late] = taken.items;
  expect([again!.event, isNothing(again!), late!.event?.envelope.id]).toEqual([null, false, 'x']);
  expect(take(createRules(), new Map(), [again!, late!])).toEqual([true, false]);
  // It is counted as a duplicate once: it has no event any more.
  expect(take(createRules(), new Map(), [again!, again!])).toEqual([true, true]);
});

test('a copy that is requeued is taken for its dead letter, whatever was copied since', () => {
  const requeued = { ...copied(5), ...requeueHeaders({ module: 'm.v1', reducer: 'm.r', offset: 0 }) };
  const taken = intake().take([record(3, 'x', requeued)], (one) => decoder(one, false));
  expect(taken).toMatchObject({ items: [{ origin: null, requeued: { reducer: 'm.r', offset: 0 } }] });
});

test('headers that do not tell where an event was say nothing', () => {
  expect(copiedFrom(copied(5))).toEqual({ topic: WAITING, partition: 0, offset: 5 });
  expect(copiedFrom({})).toBeNull();
  expect(copiedFrom({ ...copied(5), 'lectern-claimed-offset': Buffer.from('-1') })).toBeNull();
});
