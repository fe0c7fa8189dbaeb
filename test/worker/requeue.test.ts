import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  REQUEUE_OFFSET,
  REQUEUE_REDUCER,
  requeueHeaders,
} from '../../services/shared/control/requeue-record.ts';
import { placeOf } from '../../services/worker/requeue.ts';

const headers = (reducer: string, offset: string) => ({
  [REQUEUE_REDUCER]: Buffer.from(reducer),
  [REQUEUE_OFFSET]: Buffer.from(offset),
});

test('a requeued record is for the module version and reducer whose dead letter it is', () => {
  const target = { module: 'writing.v2', reducer: 'writing.reconstruct', offset: 41 };
  const given = { traceparent: Buffer.from('x'), ...requeueHeaders(target) };
  expect(placeOf(given, 'writing.v2')).toEqual({ kind: 'mine', reducer: 'writing.reconstruct', offset: 41 });
  for (const other of ['writing.v1', 'writing.v22', 'other.v2'])
    expect(placeOf(given, other)).toEqual({ kind: 'others' });
});

test('a record that no reducer could be given is requeued for the whole module', () => {
  const given = requeueHeaders({ module: 'm.v1', reducer: 'm', offset: 0 });
  expect(placeOf(given, 'm.v1')).toEqual({ kind: 'mine', reducer: 'm', offset: 0 });
});

test('a record without our headers is an event like any other', () => {
  expect(placeOf({}, 'm.v1')).toEqual({ kind: 'none' });
  expect(placeOf({ 'lectern-other': Buffer.from('m.v1/m.r') }, 'm.v1')).toEqual({ kind: 'none' });
});

test.each([
  ['only the reducer', { [REQUEUE_REDUCER]: Buffer.from('m.v1/m.r') }],
  ['only the offset', { [REQUEUE_OFFSET]: Buffer.from('1') }],
  ['no version', headers('m/m.r', '1')],
  ['no reducer', headers('m.v1/', '1')],
  ['a reducer of another module', headers('m.v1/n.r', '1')],
  ['a reducer whose name only begins like the module', headers('m.v1/mm.r', '1')],
  ['an empty offset', headers('m.v1/m.r', '')],
  ['a negative offset', headers('m.v1/m.r', '-1')],
  ['a fraction', headers('m.v1/m.r', '1.5')],
  ['an offset beyond all numbers', headers('m.v1/m.r', '9999999999999999')],
])('headers with %s are malformed', (_, given) => {
  expect(placeOf(given, 'm.v1')).toEqual({ kind: 'malformed' });
});

test('what is written is what is read', () => {
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/);
  const version = fc.nat(1_000);
  fc.assert(
    fc.property(name, version, fc.option(name), fc.maxSafeNat(), (module, v, short, offset) => {
      const reducer = short === null ? module : `${module}.${short}`;
      const id = `${module}.v${v}`;
      const given = requeueHeaders({ module: id, reducer, offset });
      expect(placeOf(given, id)).toEqual({ kind: 'mine', reducer, offset });
    }),
  );
});
