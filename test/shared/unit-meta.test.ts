import { expect, test } from '@jest/globals';
import { advanced, claimed, toPosition, type UnitMeta } from '../../services/shared/state/unit-meta.ts';
import { NO_CHANGES } from '../support/no-changes.ts';

const FACTS = { formatVersion: 2, partitions: 1, reducersHash: 'h' };

test('a unit that was stored by an older version is not known to be complete, and can become it', () => {
  const { completeAt: _, ...old } = claimed(undefined, 'old', FACTS, 0);
  const stored: UnitMeta = { ...claimed(old, 'new', FACTS, 0), next: 3 };
  expect(toPosition(stored)).toMatchObject({ next: 3, completeAt: null });
  const checkpoint = {
    token: 'new',
    expected: 3,
    next: 4,
    ...NO_CHANGES,
  };
  expect(toPosition(advanced(stored, checkpoint)).completeAt).toBeNull();
  expect(toPosition(advanced(stored, { ...checkpoint, completeAt: 4 })).completeAt).toBe(4);
});
