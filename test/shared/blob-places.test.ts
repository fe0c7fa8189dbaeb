import { expect, test } from '@jest/globals';
import { blobPlaces } from '../../services/shared/blobs.ts';
import { createDecided } from '../../services/shared/control/decided.ts';

const versionsOf = (...versions: readonly number[]) =>
  versions.map((version) => ({ name: 'blobs', id: `blobs.v${version}`, version }));

test('blobs are read of the version that is active, as soon as it is', () => {
  const decided = createDecided();
  const places = blobPlaces('test', versionsOf(2, 1), decided)!;
  const shown = (): string => places.unit(0).module;
  const decide = (version: number, follows: number): void =>
    decided.take({
      kind: 'active-version',
      module: 'blobs',
      version,
      follows,
      person: true,
      auto: true,
      because: 'a person decided',
    });
  expect(shown()).toBe('blobs.v1');
  decide(2, 0);
  expect(shown()).toBe('blobs.v2');
  decide(1, 1);
  expect(shown()).toBe('blobs.v1');
  // Not installed here: the highest that is.
  decide(3, 2);
  expect(shown()).toBe('blobs.v2');
  expect(blobPlaces('test', [], decided)).toBeNull();
});
