import { describe, expect, test } from '@jest/globals';
import { eventField, KeyField, Scope } from '../../services/shared/reducer-api.ts';
import { createKeyer } from '../../services/worker/scope.ts';

const client = (fields: object) => ({ event: 'e', source: 's', auth: {}, ...fields }) as never;

describe('the key of an event', () => {
  const byDocument = createKeyer(Scope([KeyField.STUDENT, eventField('object.id')]));

  test('is the student alone when the scope says so', () => {
    expect(createKeyer(Scope([KeyField.STUDENT]))('ls-ls-bob', client({}))).toBe('STUDENT:ls-ls-bob');
  });

  test.each([
    ['a text', 'a,b:c', 'EventField.object.id:a%2Cb%3Ac,STUDENT:x'],
    ['a number', 7, 'EventField.object.id:7,STUDENT:x'],
    ['false', false, 'EventField.object.id:false,STUDENT:x'],
  ])('takes %s from the event', (_name, id, key) => {
    expect(byDocument('x', client({ object: { id } }))).toBe(key);
  });

  test.each([
    ['absent', {}],
    ['null', { object: { id: null } }],
    ['empty', { object: { id: '' } }],
    ['an object', { object: { id: {} } }],
    ['under null', { object: null }],
  ])('is missing when the field is %s, so the reducer skips the event', (_name, fields) => {
    expect(byDocument('x', client(fields))).toBeNull();
  });

  test.each(['__proto__.toString', 'constructor.name', 'toString'])(
    'never comes from a prototype: %s',
    (path) => {
      expect(createKeyer(Scope([KeyField.STUDENT, eventField(path)]))('x', client({}))).toBeNull();
    },
  );
});
