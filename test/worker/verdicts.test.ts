import { describe, expect, test } from '@jest/globals';
import { createDecided } from '../../services/shared/control/decided.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { createVerdicts } from '../../services/worker/verdicts.ts';

const UNIT = { module: 'm.v1', topic: 't', partition: 3 };

const claimedBy = (token: string, partition = UNIT.partition): ControlRecord => ({
  kind: 'unit-claimed',
  ...UNIT,
  partition,
  token,
});

/** Control with its topic in memory. */
function createHouse(...before: readonly ControlRecord[]) {
  const decided = createDecided();
  const take = (record: ControlRecord): void => decided.take(record);
  before.forEach(take);
  const control = { leftOut: decided.leftOut, publish: async (record: ControlRecord) => take(record) };
  return { take, control, standing: () => [...decided.leftOut(UNIT).keys()] };
}

describe('a verdict of a worker', () => {
  test('counts while its claim is the last one, and for ever after', async () => {
    const { control, take, standing } = createHouse(claimedBy('one'));
    const verdicts = createVerdicts(control, UNIT, 'one');
    verdicts.add('m.r', 7, 'budget', 'late');
    await verdicts.publish();
    take(claimedBy('two'));
    expect(standing()).toEqual(['m.r@7']);
    expect(createVerdicts(control, UNIT, 'two').of('m.r', 7)).toMatchObject({ why: 'budget', token: 'one' });
  });

  test('does not count once the unit is claimed again, and whoever made it is told', async () => {
    const { control, take, standing } = createHouse(claimedBy('one'));
    const verdicts = createVerdicts(control, UNIT, 'one');
    verdicts.add('m.r', 7, 'budget', 'late');
    take(claimedBy('two'));
    await expect(verdicts.publish()).rejects.toThrow('claimed again');
    expect(standing()).toEqual([]);
  });

  test('counts whatever becomes of other partitions', async () => {
    const { control, standing } = createHouse(claimedBy('one'), claimedBy('two', 4));
    const verdicts = createVerdicts(control, UNIT, 'one');
    verdicts.add('m.r', 7, 'killer', 'ended the process');
    await verdicts.publish();
    expect(standing()).toEqual(['m.r@7']);
  });

  test('counts without a claim when a person made it', () => {
    const { take, standing } = createHouse(claimedBy('one'));
    take({ kind: 'left-out', ...UNIT, reducer: 'm.r', offset: 7, why: 'drop', reason: 'by hand' });
    expect(standing()).toEqual(['m.r@7']);
  });
});
