import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyText, parseStateField, stateField } from '../../services/shared/state-key.ts';

describe('the name of a state', () => {
  test('is readable, with its fields sorted', () => {
    const key = keyText({ STUDENT: 'tc-testcase-bob', 'EventField.doc_id': '7' });
    expect(stateField('Internal', 'm.r', key)).toBe(
      'Internal,m.r,EventField.doc_id:7,STUDENT:tc-testcase-bob',
    );
  });

  test('keeps every two keys apart and gives the values back', () => {
    const values = fc.record({
      STUDENT: fc.string({
        minLength: 1,
        unit: fc.constantFrom(',', ':', '%', 'a', '2', 'C', '\n', 'é', '\ud83d', '\ude00'),
      }),
      'EventField.doc_id': fc.string({ minLength: 1, unit: fc.constantFrom(',', ':', '%', '5', 'S') }),
    });
    fc.assert(
      fc.property(values, (value) => {
        const field = stateField('External', 'm.r', keyText(value));
        // The stores write UTF-8, in which the halves of surrogate pairs would be one and the same.
        expect(Buffer.from(field).toString()).toBe(field);
        expect(parseStateField(field)).toEqual({ kind: 'External', reducerId: 'm.r', values: value });
      }),
    );
  });
});
