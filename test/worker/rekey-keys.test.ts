import { describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { keyText } from '../../services/shared/state-key.ts';
import { createRekeyedKeys, createRekeyer, reducersOfTopic } from '../../services/worker/rekey-keys.ts';
import { originHeaders } from '../../services/worker/rekey-origin.ts';
import type { Keyed } from '../../services/worker/scope.ts';
import { rekeyedModule } from '../support/rekeyed-module.ts';

const module = rekeyedModule();
const of = (topic: string) => reducersOfTopic(module, 'n', topic);
const names = (reducers: readonly { readonly name: string }[]) => reducers.map(({ name }) => name);

const event = (student: string, doc?: string, inClass?: string): Keyed => ({
  student,
  client: () => ({ event: 'e', source: 'a', ...(doc !== undefined && { doc }) }) as never,
  metadata: () => (inClass === undefined ? {} : { class: inClass }) as never,
});

const DOC = keyText({ 'EventField.doc': 'x' });
const SAM = keyText({ STUDENT: 'sam' });
const CLASS = keyText({ CLASS: '5a' });

describe('the units of a topic', () => {
  test('fold their reducers of one context by student, and publish for the others', () => {
    const { isRekey, folded, rekeyed } = of('n.events.a');
    expect([isRekey, names(folded), names(rekeyed)]).toEqual([
      false,
      ['own_a'],
      ['doc_a', 'both', 'class_a'],
    ]);
    expect([names(of('n.events.b').folded), names(of('n.events.b').rekeyed)]).toEqual([
      [],
      ['doc_b', 'both'],
    ]);
  });

  test('of the rekey topic fold all others, and publish nothing', () => {
    const { isRekey, folded, rekeyed } = of('n.rekey.m.v1');
    expect([isRekey, names(folded), rekeyed]).toEqual([true, ['doc_a', 'doc_b', 'both', 'class_a'], []]);
  });
});

describe('an event is published', () => {
  const rekey = createRekeyer(of('n.events.a').rekeyed);

  test('under each key of its reducers, in the order of their texts', () => {
    expect(rekey(event('sam', 'x', '5a'))).toEqual([CLASS, DOC, SAM]);
    const turned = createRekeyer(of('n.events.a').rekeyed.toReversed());
    expect(turned(event('sam', 'x', '5a'))).toEqual([CLASS, DOC, SAM]);
  });

  test('once under a key that several reducers have', () => {
    const all = module.reducers.filter(({ name }) => name.startsWith('doc'));
    expect(createRekeyer([...all, ...all])(event('sam', 'x'))).toEqual([DOC]);
  });

  test('under no key of which it lacks a field', () => {
    expect(rekey(event('sam', undefined, '5a'))).toEqual([CLASS, SAM]);
    expect(createRekeyer(of('n.events.b').rekeyed.slice(0, 1))(event('sam'))).toEqual([]);
  });
});

describe('a record of the rekey topic', () => {
  const keysOf = createRekeyedKeys(of('n.rekey.m.v1').folded, 'n');
  const record = (key: string | null, topic: string): LogRecord => ({
    offset: 0,
    timestamp: 0,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.alloc(0),
    headers: originHeaders({ topic, partition: 0, offset: 0, n: 0 }),
  });

  test.each([
    [DOC, 'n.events.a', [DOC, null, null, null]],
    [DOC, 'n.events.b', [null, DOC, null, null]],
    [SAM, 'n.events.a', [null, null, SAM, null]],
    [SAM, 'n.events.b', [null, null, SAM, null]],
    [CLASS, 'n.events.a', [null, null, null, CLASS]],
    [CLASS, 'n.events.b', [null, null, null, null]],
    [keyText({ 'EventField.doc': 'other' }), 'n.events.a', [null, null, null, null]],
    [DOC, 'n.events.elsewhere', [null, null, null, null]],
  ])('with the key %s out of %s is for those whose key and context these are', (key, topic, expected) => {
    expect(keysOf(event('sam', 'x', '5a'), record(key, topic))).toEqual(expected);
  });

  test('that does not say where it comes from, or has no key, can be given to none', () => {
    expect(() => keysOf(event('sam'), { ...record(SAM, 'n.events.a'), headers: {} })).toThrow(
      'do not say where the event comes from',
    );
    expect(() => keysOf(event('sam'), record(null, 'n.events.a'))).toThrow('has none');
  });
});
