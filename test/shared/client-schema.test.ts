import { describe, expect, test } from '@jest/globals';
import { clientFault, parseClientSchema, readingFault } from '../../services/shared/client-schema.ts';

function typeOf(fields: object[]) {
  const parsed = parseClientSchema(JSON.stringify({ type: 'record', name: 'Client', fields }));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.type;
}

const optional = (type: unknown) => ({ name: 'a', type: ['null', type], default: null });

describe('the client part of an event', () => {
  const type = typeOf([
    { name: 'event', type: 'string' },
    { name: 'score', type: ['null', 'double'], default: null },
    { name: 'count', type: 'long', default: 0 },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['open', 'close'] }, default: 'open' },
    { name: 'tags', type: { type: 'map', values: 'int' }, default: {} },
    { name: 'answer', type: ['null', 'string', 'double', { type: 'array', items: 'string' }], default: null },
    {
      name: 'parts',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Part', fields: [{ name: 'x', type: 'int' }, optional('Client')] },
      },
      default: [],
    },
  ]);

  test.each([
    ['only what must be there', {}],
    ['null where null may be', { score: null }],
    ['whole numbers as doubles', { score: 1 }],
    ['fields that nobody named', { user_id: 'bob', parts: [{ x: 1, y: 2 }], source: 's' }],
    ['each kind of a union', { answer: ['a', 'b'] }],
    ['another kind of a union', { answer: 2.5 }],
    ['itself within itself', { parts: [{ x: 1, a: { event: 'y' } }] }],
    ['the largest number', { count: 2 ** 53 - 2 }],
  ])('may have %s', (_name, fields) => {
    expect(clientFault(type, { event: 'x', ...fields })).toBeNull();
  });

  test.each([
    ['missing', { event: undefined }, 'event: is missing; must be string'],
    ['null where it may not be', { count: null }, 'count: must be long'],
    ['of another type', { score: 'high' }, 'score: must be null or double'],
    ['not whole', { count: 1.5 }, 'count: must be long'],
    ['beyond 2^53', { count: 2 ** 60 }, 'count: must be long'],
    ['no symbol of an enum', { kind: 'secret' }, 'kind: must be one of open, close'],
    ['deep inside', { parts: [{ x: 1 }, { x: 'secret' }] }, 'parts[1].x: must be int'],
    ['deeper inside', { parts: [{ x: 1, a: {} }] }, 'parts[0].a.event: is missing; must be string'],
    ['in a map', { tags: { b: true } }, 'tags.b: must be int'],
    ['an object for an array', { parts: {} }, 'parts: must be array'],
    ['no kind of a union', { answer: true }, 'answer: must be null or string or double or array'],
  ])('is refused when something is %s, with its place and without its value', (_name, fields, fault) => {
    expect(clientFault(type, { event: 'x', ...fields })).toBe(fault);
  });
});

describe('the schema of a source', () => {
  test.each([
    ['is not JSON', '{', /^is no Avro schema/],
    ['is no record', '"string"', /^must be a record/],
    [
      'names an unknown type',
      '{"type":"record","name":"C","fields":[{"name":"a","type":"text"}]}',
      /^is no Avro/,
    ],
    [
      'has a union that is not clear',
      JSON.stringify({
        type: 'record',
        name: 'C',
        fields: [optional('int'), { name: 'b', type: ['int', 'long'] }],
      }),
      /ambiguous/,
    ],
    [
      'has bytes',
      JSON.stringify({ type: 'record', name: 'C', fields: [optional({ type: 'array', items: 'bytes' })] }),
      /^has bytes or fixed/,
    ],
    [
      'has fixed',
      JSON.stringify({
        type: 'record',
        name: 'C',
        fields: [optional({ type: 'map', values: { type: 'fixed', name: 'F', size: 2 } })],
      }),
      /^has bytes or fixed/,
    ],
  ])('is refused when it %s', (_name, text, problem) => {
    expect(parseClientSchema(text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test.each([
    ['a new field with a default', [], [optional('int')], true],
    ['a new field without one', [], [{ name: 'a', type: 'int' }], false],
    ['a field less', [{ name: 'a', type: 'int' }], [], true],
    ['a wider number', [{ name: 'a', type: 'int' }], [{ name: 'a', type: 'long' }], true],
    ['a narrower number', [{ name: 'a', type: 'long' }], [{ name: 'a', type: 'int' }], false],
    ['null no longer', [optional('int')], [{ name: 'a', type: 'int' }], false],
  ])('with %s reads what was written before: %s', (_name, before, after, reads) => {
    expect(readingFault(typeOf(after), typeOf(before)) === null).toBe(reads);
  });
});
