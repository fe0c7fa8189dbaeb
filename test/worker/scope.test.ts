import { describe, expect, test } from '@jest/globals';
import { eventField, KeyField, Scope } from '../../services/shared/reducer-api.ts';
import { createKeyer, createKeyers } from '../../services/worker/scope.ts';

const event = (student: string, fields: object, metadata: object = {}) => ({
  student,
  client: () => ({ event: 'e', source: 's', auth: {}, ...fields }) as never,
  metadata: () => metadata as never,
});

describe('the key of an event', () => {
  const byDocument = createKeyer(Scope([KeyField.STUDENT, eventField('object.id')]));

  test('is the student alone when the scope says so', () => {
    expect(createKeyer(Scope([KeyField.STUDENT]))(event('ls-ls-bob', {}))).toBe('STUDENT:ls-ls-bob');
  });

  test.each([
    ['a text', 'a,b:c', 'EventField.object.id:a%2Cb%3Ac,STUDENT:x'],
    ['a number', 7, 'EventField.object.id:7,STUDENT:x'],
    ['false', false, 'EventField.object.id:false,STUDENT:x'],
  ])('takes %s from the event', (_name, id, key) => {
    expect(byDocument(event('x', { object: { id } }))).toBe(key);
  });

  test.each([
    ['absent', {}],
    ['null', { object: { id: null } }],
    ['empty', { object: { id: '' } }],
    ['an object', { object: { id: {} } }],
    ['under null', { object: null }],
  ])('is missing when the field is %s, so the reducer skips the event', (_name, fields) => {
    expect(byDocument(event('x', fields))).toBeNull();
  });

  test.each(['__proto__.toString', 'constructor.name', 'toString'])(
    'never comes from a prototype: %s',
    (path) => {
      expect(createKeyer(Scope([KeyField.STUDENT, eventField(path)]))(event('x', {}))).toBeNull();
    },
  );

  test('has what the gateway stamped on the event', () => {
    const keyer = createKeyer(Scope([KeyField.TEACHER, KeyField.CLASS, KeyField.RESOURCE]));
    const stamped = { class: 'c:1', resource: 'r', teacher: 't' };
    expect(keyer(event('x', {}, stamped))).toBe('CLASS:c%3A1,RESOURCE:r,TEACHER:t');
    expect(keyer(event('x', { class: 'c', resource: 'r', teacher: 't' }))).toBeNull();
  });

  test('is looked up once for scopes that are the same, and given to each in its place', () => {
    let looks = 0;
    const keys = createKeyers([
      Scope([eventField('doc'), KeyField.STUDENT]),
      Scope([KeyField.STUDENT]),
      Scope([KeyField.STUDENT, eventField('doc')]),
    ]);
    const looked = event('x', { doc: 'd' });
    const found = keys({
      ...looked,
      client: () => {
        looks += 1;
        return looked.client();
      },
    });
    expect(found).toEqual(['EventField.doc:d,STUDENT:x', 'STUDENT:x', 'EventField.doc:d,STUDENT:x']);
    expect(looks).toBe(1);
  });
});
