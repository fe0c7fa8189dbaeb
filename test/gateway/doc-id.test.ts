import { afterEach, describe, expect, test } from '@jest/globals';
import { withDocId } from '../../services/gateway/doc-id.ts';
import { type Frame, parseFrame } from '../../services/gateway/frame.ts';
import { objectText } from '../../services/gateway/json-text.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { connect, createCleanUp, SOURCE, startGateway, until } from './support.ts';

function frameOf(text: string): Frame {
  const parsed = parseFrame(text, DEFAULT_LIMITS);
  if (parsed.kind !== 'frame') throw new Error(parsed.problem.error);
  return parsed.frame;
}

const object = (url: string, id: unknown = 'doc-1') => ({ event: 'x', object: { id, url } });
const docIdOf = (event: object) => withDocId(frameOf(JSON.stringify(event))).fields.doc_id;

describe('the document of an older event', () => {
  test.each([
    'https://docs.google.com/document/d/1aB-_9/edit',
    'https://docs.google.com/document/d/1aB-_9/edit?tab=t.0#heading=h.1',
    'https://docs.google.com/document/d/1aB-_9/preview',
    'https://docs.google.com/document/d/another/copy/',
  ])('is object.id at %s', (url) => {
    expect(docIdOf(object(url))).toBe('doc-1');
  });

  test.each([
    'https://docs.google.com/document/u/0/d/1aB-_9/edit',
    'https://docs.google.com/document/d/1aB-_9/',
    'https://docs.google.com/document/d/1aB-_9',
    'https://docs.google.com/document/d//edit',
    'https://docs.google.com/document/d/1?a/edit',
    'https://docs.google.com/spreadsheets/d/1aB-_9/edit',
    'https://docs.google.com.evil.org/document/d/1aB-_9/edit',
    'https://docsXgoogle.com/document/d/1aB-_9/edit',
    'https://evil.org/?https://docs.google.com/document/d/1aB-_9/edit',
    '',
  ])('is none at %s', (url) => {
    expect(withDocId(frameOf(JSON.stringify(object(url)))).members.has('doc_id')).toBe(false);
  });

  const url = 'https://docs.google.com/document/d/1/edit';
  test.each([
    ['no object', { event: 'x' }],
    ['object: null', { event: 'x', object: null }],
    ['an object that is a text', { event: 'x', object: url }],
    ['no url', { event: 'x', object: { id: 'a' } }],
    ['a url that is no text', { event: 'x', object: { id: 'a', url: [url] } }],
    ['no id', { event: 'x', object: { url } }],
    ['an id of null', object(url, null)],
    ['an empty id', object(url, '')],
    ['a doc_id of its own', { ...object(url), doc_id: 'own' }],
    ['a doc_id of null', { ...object(url), doc_id: null }],
    ['an empty doc_id', { ...object(url), doc_id: '' }],
  ])('%s: the frame stays as it is', (_name, event) => {
    const frame = frameOf(JSON.stringify(event));
    expect(withDocId(frame)).toBe(frame);
  });

  test('is written as the exact text of the id, after fields that keep theirs', () => {
    const text = String.raw`{"event":"x","n":1.0,"object":{"id":"no","a":[{"id":"inner"},"\"id\":"],"u":0, "\u0069d" : "d\u006fc\/1","url":"https:\/\/docs.google.com/document/d/1/edit"}}`;
    const { members, fields } = withDocId(frameOf(text));
    expect(fields.doc_id).toBe('doc/1');
    expect(objectText(members)).toBe(`${text.slice(0, -1)},"doc_id":${String.raw`"d\u006fc\/1"`}}`);
  });
});

describe('older events at the gateway', () => {
  const cleanUp = createCleanUp();
  afterEach(() => cleanUp.run());

  test('the log, and with it the archive, has them as reducers see them', async () => {
    const started = await startGateway();
    cleanUp.add(started.close);
    const client = await connect(started.url);
    cleanUp.add(() => client.ws.terminate());
    const url = 'https://docs.google.com/document/d/1/edit';
    client.send(
      { event: 'lock_fields', fields: { source: SOURCE, user_id: 'alice' } },
      object(url),
      { event: 'lock_fields', fields: { doc_id: 'locked' } },
      object(url),
    );
    await until(() => started.log.written().length === 2, 'both were written');
    const [older, newer] = started.log.written().map(({ clientFields }) => clientFields);
    expect(older).toMatchObject({ doc_id: 'doc-1', object: { id: 'doc-1', url } });
    expect(newer).toMatchObject({ doc_id: 'locked', object: { id: 'doc-1', url } });
  });
});
