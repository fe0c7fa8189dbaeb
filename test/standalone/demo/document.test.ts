import { expect, test } from '@jest/globals';
import { createDemoDocument } from '../../../services/standalone/demo/document.ts';

test('commands stay within the document, whatever is asked for', () => {
  const document = createDemoDocument('d', 'Title');
  expect(document.erase(3)).toBeNull();
  expect(document.type('abcdef')).toEqual({ ty: 'is', ibi: 1, s: 'abcdef' });
  document.moveTo(3);
  expect(document.erase(5)).toEqual({ ty: 'ds', si: 1, ei: 2 });
  expect([document.length(), document.cursor()]).toEqual([4, 1]);
  document.moveTo(99);
  expect(document.type('g')).toEqual({ ty: 'is', ibi: 5, s: 'g' });
  document.moveTo(-1);
  expect(document.cursor()).toBe(1);
});
