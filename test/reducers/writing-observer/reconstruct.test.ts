import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as module from '../../../reducers/writing-observer/module.ts';
import type { Json } from '../../../services/shared/reducer-api.ts';
import { eventAt, foldOne } from '../folded.ts';
import { apply, emptyDocument, type PlainCommand } from './plain-document.ts';

const saved = (...commands: readonly unknown[]) =>
  eventAt(1, { event: 'google_docs_save', bundles: [{ commands }] });
const history = (...commands: readonly unknown[]) =>
  eventAt(1, { event: 'document_history', history: { changelog: commands.map((one) => [one, 'more']) } });
const reconstruct = (...events: Parameters<typeof foldOne>[2][number][]) =>
  foldOne(module, 'reconstruct', events);
const is = (ibi: number, s: string) => ({ ty: 'is', ibi, s });
const ds = (si: number, ei: number) => ({ ty: 'ds', si, ei });

describe('a document', () => {
  test('is what was typed, with where each edit left the cursor and how long the text was', () => {
    expect(reconstruct(saved(is(1, 'H'), is(2, 'i'), is(1, '> ')), saved(ds(2, 2)))).toEqual({
      text: '>Hi',
      position: 2,
      edit_metadata: { cursor: [2, 3, 3, 2], length: [1, 2, 4, 3] },
    });
  });

  test('whose beginning nobody saw has NULs there, put in by an edit of their own', () => {
    expect(reconstruct(saved(is(4, 'abc')))).toEqual({
      text: '\u0000\u0000\u0000abc',
      position: 7,
      edit_metadata: { cursor: [4, 7], length: [3, 6] },
    });
  });

  test('of which more is taken out than is known gets that first, told by the length of before', () => {
    expect(reconstruct(saved(is(1, 'ab'), ds(4, 5)))).toEqual({
      text: 'ab\u0000\u0000\u0000',
      position: 4,
      edit_metadata: { cursor: [3, 5, 6, 4], length: [2, 4, 7, 5] },
    });
  });

  test('that something is replaced in has its cursor where it was, and no edit more', () => {
    const replaced = { ty: 'rplc', snapshot: [{ ty: 'is', ibi: 2, s: 'XYZ' }, { ty: 'as' }] };
    const reverted = { ty: 'rvrt', snapshot: [{ ty: 'is', ibi: 1, s: '', sl: 2 }] };
    expect(reconstruct(saved(is(1, 'abcdef'), replaced, reverted))).toEqual({
      text: 'YZef',
      position: 7,
      edit_metadata: { cursor: [7], length: [6] },
    });
  });

  test('has a text of its own for each tab', () => {
    const inTab = (tab: string, nmc: unknown) => ({ ty: 'nm', nmc, nmr: ['x', tab, 7] });
    const state = reconstruct(
      saved(is(1, 'main'), inTab('t.1', is(1, 'one')), inTab('t.__proto__', is(1, 'two'))),
      saved({ ty: 'nm', nmc: is(5, '!'), nmr: ['x'] }, inTab('t.1', { ty: 'mlti', mts: [ds(1, 1)] })),
    );
    expect(state).toMatchObject({ text: 'main!', tabs: { 't.1': { text: 'ne', position: 1 } } });
    expect((state as { tabs: Record<string, unknown> }).tabs['t.__proto__']).toMatchObject({ text: 'two' });
  });

  test('begins anew with its history', () => {
    const inTab = { ty: 'nm', nmc: is(1, 'gone'), nmr: ['t.1'] };
    expect(reconstruct(saved(is(1, 'before'), inTab), history(is(1, 'ab'), ds(1, 1)))).toEqual({
      text: 'b',
      position: 1,
      edit_metadata: { cursor: [3, 1], length: [2, 1] },
    });
  });

  test('is not there while nothing was saved', () => {
    expect(reconstruct(eventAt(1, { event: 'keystroke' }))).toBeUndefined();
  });

  test('counts in UTF-16 units, as its editor does, where a letter has two of them', () => {
    expect(reconstruct(saved(is(1, '😀'), is(3, 'x'), ds(2, 2), is(2, '\ude01')))).toMatchObject({
      text: '\ud83d\ude01x',
    });
  });
});

const position = fc.integer({ min: -2, max: 30 });
const text = fc.string({ unit: 'grapheme', maxLength: 6 });
const { command } = fc.letrec<{ command: PlainCommand }>((tie) => ({
  command: fc.oneof(
    { weight: 8, arbitrary: fc.record({ ty: fc.constant('is'), ibi: position, s: text }) },
    {
      weight: 6,
      arbitrary: fc
        .record({ si: position, more: fc.nat(4) })
        .map(({ si, more }) => ({ ty: 'ds', si, ei: si + more })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        ty: fc.constantFrom('rplc', 'rvrt'),
        snapshot: fc.array(
          fc.record(
            { ty: fc.constantFrom('is', 'as'), ibi: position, s: text, sl: fc.nat(5) },
            { requiredKeys: ['ty', 'ibi', 's'] },
          ),
          { maxLength: 3 },
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ ty: fc.constant('mlti'), mts: fc.array(tie('command'), { maxLength: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        ty: fc.constant('nm'),
        nmc: tie('command'),
        nmr: fc.subarray(['x', 't.0', 't.1', 3], { minLength: 1 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ ty: fc.constantFrom('as', 'umv', 'ucp') }) },
    { weight: 1, arbitrary: fc.constant({ object: null }) },
  ),
}));

test('is what a plain string comes to under the same commands, wherever it was stored on the way', () => {
  const events = fc.array(fc.array(command, { maxLength: 6 }), { maxLength: 30 });
  fc.assert(
    fc.property(events, fc.array(fc.nat(30)), fc.nat(40), (all, restarts, begun) => {
      let plain = emptyDocument();
      for (const [index, commands] of all.entries()) {
        if (index === begun) plain = emptyDocument();
        for (const one of commands) apply(plain, one);
      }
      const folded = foldOne(
        module,
        'reconstruct',
        all.map((commands, index) => (index === begun ? history(...commands) : saved(...commands))),
        (index) => restarts.includes(index),
      );
      const expected = JSON.parse(JSON.stringify(plain)) as Json;
      expect(folded ?? emptyDocument()).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

describe('refuses an event, and takes the next one', () => {
  test.each<[string, unknown, RegExp]>([
    ['without a position', { ty: 'is', s: 'x' }, /the type is needs ibi, an integer/],
    ['with a position that is no number', { ty: 'ds', si: '1', ei: 2 }, /the type ds needs si, an integer/],
    ['with a position between two', is(1.5, 'x'), /needs ibi, an integer/],
    ['without a text', { ty: 'is', ibi: 1 }, /needs s, a text/],
    ['far beyond the text', is(2 ** 31, 'x'), /2147483647 characters beyond a text of 0/],
    ['whose end is far beyond it', ds(1, 2 ** 31), /2147483648 characters beyond a text of 1/],
    ['with a replacement far beyond it', { ty: 'rplc', snapshot: [is(2 ** 31, 'x')] }, /characters beyond/],
  ])('with a command %s', (_name, bad, message) => {
    expect(() => reconstruct(saved(bad))).toThrow(message);
  });

  test('with commands that lie too deep within one another', () => {
    let deep: unknown = is(1, 'x');
    for (let level = 0; level < 5_000; level++) deep = { ty: 'mlti', mts: [deep] };
    const event = saved();
    (event.client.bundles as { commands: unknown[] }[])[0]!.commands = [deep];
    expect(() =>
      (module.REDUCERS[3]!.function.reduce as (...args: unknown[]) => unknown)(event, null),
    ).toThrow(/deeper than 100/);
  });
});

test.each<[string, unknown]>([
  ['bundles that are no list', { bundles: { commands: [is(1, 'x')] } }],
  ['a bundle that is null', { bundles: [null, 7, 'x'] }],
  ['commands that are no list', { bundles: [{ commands: 'x' }] }],
  ['commands that are none', { bundles: [{ commands: [null, 3, [], 'is', { ty: null }, {}] }] }],
  ['no bundles', {}],
])('an event with %s changes no text', (_name, fields) => {
  const event = eventAt(2, { event: 'google_docs_save', ...(fields as object) });
  expect(reconstruct(saved(is(1, 'kept')), event)).toMatchObject({ text: 'kept' });
});
