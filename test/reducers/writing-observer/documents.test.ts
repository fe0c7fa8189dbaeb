import { describe, expect, test } from '@jest/globals';
import * as module from '../../../reducers/writing-observer/module.ts';
import { type EventFields, eventAt, foldOne } from '../folded.ts';

/** Folds events a second apart, from second 1 on. */
const fold = (name: string, ...events: readonly EventFields[]) =>
  foldOne(
    module,
    name,
    events.map((fields, index) => eventAt(index + 1, fields)),
  );

const url = 'https://docs.google.com/document/d/abc/edit?tab=t.7#h';

describe('event_count', () => {
  test('counts every event', () => {
    expect(fold('event_count', { doc_id: 'd' }, { doc_id: 'd', event: 'whatever' })).toEqual({ count: 2 });
  });
});

describe('document_list', () => {
  test('has the titles that events had, and when each document was worked on last', () => {
    const titled = { doc_id: 'a', object: { title: 'Essay' } };
    expect(fold('document_list', titled, { doc_id: 'b' }, { doc_id: 'a' })).toEqual({
      docs: { a: { title: 'Essay', last_access: 3 }, b: { last_access: 2 } },
    });
  });

  test('knows a document by the object of an older client', () => {
    expect(fold('document_list', { object: { url, id: 'abc' } })).toEqual({
      docs: { abc: { last_access: 1 } },
    });
  });

  test.each<[string, EventFields]>([
    ['no document', {}],
    ['an empty id', { doc_id: '' }],
    ['an address of one of several accounts', { object: { id: 'abc', url: url.replace('/d/', '/u/0/d/') } }],
    ['an object that is null', { object: null }],
  ])('passes over an event of %s', (_name, fields) => {
    expect(fold('document_list', fields)).toBeUndefined();
  });

  test('takes any id for a name', () => {
    const state = fold(
      'document_list',
      { doc_id: '__proto__', object: { title: 'x' } },
      { doc_id: 'toString' },
    );
    expect(JSON.stringify(state)).toBe(
      '{"docs":{"__proto__":{"title":"x","last_access":1},"toString":{"last_access":2}}}',
    );
  });
});

test('last_document is the document of the last event that had one', () => {
  expect(fold('last_document', { doc_id: 'a' }, { doc_id: 'b' }, {})).toEqual({ document_id: 'b' });
});

describe('document_access_timestamps', () => {
  test('has each move to another document, by the client clock, else by the server one', () => {
    expect(
      foldOne(module, 'document_access_timestamps', [
        eventAt(1.2344, { doc_id: 'a' }),
        eventAt(2, { doc_id: 'a', metadata: { ts: 2_000 } }),
        eventAt(3, { doc_id: 'b', metadata: { ts: 3_001 } }),
        eventAt(4, { doc_id: 'a', metadata: {} }),
      ]),
    ).toEqual({ timestamps: { 1234: 'a', 3001: 'b', 4000: 'a' }, last_document: 'a' });
  });

  test('takes no page that comes into view for a move', () => {
    expect(fold('document_access_timestamps', { doc_id: 'a', event: 'visibility' })).toBeUndefined();
  });
});

describe('document_tagging', () => {
  const titled = (doc_id: string, title: unknown) => ({
    event: 'document_history',
    doc_id,
    object: { title },
  });

  test('has the documents of each hashtag once, of any script', () => {
    expect(
      fold(
        'document_tagging',
        titled('a', 'My #draft #Ökologie_2, #draft'),
        titled('b', '#draft'),
        titled('a', '#draft'),
      ),
    ).toEqual({ tags: { draft: ['a', 'b'], Ökologie_2: ['a'] } });
  });

  test('passes over other events, and documents without a title', () => {
    const saved = { ...titled('a', '#x'), event: 'google_docs_save' };
    expect(fold('document_tagging', saved, titled('a', undefined), titled('a', 7))).toBeUndefined();
  });
});

describe('tab_list', () => {
  const commands = (...list: unknown[]) => ({ bundles: [{ commands: list }] });
  const ucp = { ty: 'ucp', d: ['t.1', [null, [null, 'One']]] };
  const mkch = { ty: 'mkch', d: [['x', 'First']] };
  const ac = { ty: 'ac', d: ['t.2', [null, 'Two']] };

  test('has what each kind of command calls a tab, also within others', () => {
    expect(fold('tab_list', commands(ucp, { ty: 'mlti', mts: [mkch, { ty: 'mlti', mts: [ac] }] }))).toEqual({
      tabs: {
        't.1': { tab_id: 't.1', title: 'One', last_accessed: 1 },
        't.0': { tab_id: 't.0', title: 'First', last_accessed: 1 },
        't.2': { tab_id: 't.2', title: 'Two', last_accessed: 1 },
      },
    });
  });

  test('of a known tab, has when it was in view, and another title where there is one', () => {
    const untitled = { ty: 'ac', d: ['t.1', []] };
    const renamed = { ty: 'ac', d: ['t.1', [null, 'Other']] };
    expect(fold('tab_list', commands(ucp), { tab_id: 't.1' }, commands(untitled))).toEqual({
      tabs: { 't.1': { tab_id: 't.1', title: 'One', last_accessed: 2 } },
    });
    expect(
      fold('tab_list', commands(ucp), { object: { url: url.replace('t.7', 't.1') } }, commands(renamed)),
    ).toEqual({
      tabs: { 't.1': { tab_id: 't.1', title: 'Other', last_accessed: 2 } },
    });
  });

  test('passes over a tab in view that no command named', () => {
    expect(fold('tab_list', { tab_id: 't.9' }, { url })).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['no data', { ty: 'ucp' }],
    ['data that are no list', { ty: 'ac', d: { 0: 't.1' } }],
    ['a tab that is a number', { ty: 'ac', d: [7, [null, 'x']] }],
    ['no list within', { ty: 'mkch', d: 7 }],
  ])('takes a command with %s for none', (_name, command) => {
    const state = fold('tab_list', commands(command));
    expect(state ?? { tabs: { 't.0': { title: null } } }).toMatchObject({ tabs: { 't.0': { title: null } } });
  });

  test('reads the history of a document, too', () => {
    expect(
      fold('tab_list', { event: 'document_history', history: { changelog: [[ac, 1], null, 'x'] } }),
    ).toEqual({
      tabs: { 't.2': { tab_id: 't.2', title: 'Two', last_accessed: 1 } },
    });
  });
});

describe('student_profile', () => {
  test('has the address of the browser and the id of the gateway, and changes with them', () => {
    expect(fold('student_profile', {}, { chrome_identity: { email: 'ada@school.org' } })).toEqual({
      email: 'ada@school.org',
      google_id: 'ls-ada',
    });
    expect(fold('student_profile', { chrome_identity: null })).toEqual({ email: null, google_id: 'ls-ada' });
  });
});
