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
  const verdictsOf = (token: string, confirm: () => Promise<void> = async () => undefined) =>
    createVerdicts(control, UNIT, token, confirm);
  return { take, verdictsOf, standing: () => [...decided.leftOut(UNIT).keys()] };
}

describe('a verdict of a worker', () => {
  test('counts while its claim is the last one, and for ever after', async () => {
    const { verdictsOf, take, standing } = createHouse(claimedBy('one'));
    const verdicts = verdictsOf('one');
    verdicts.add('m.r', 7, 'budget', 'late');
    await verdicts.publish();
    take(claimedBy('two'));
    expect(standing()).toEqual(['m.r@7']);
    expect(verdictsOf('two').of('m.r', 7)).toMatchObject({ why: 'budget', token: 'one' });
  });

  test('does not count once the unit is claimed again, and whoever made it is told', async () => {
    const { verdictsOf, take, standing } = createHouse(claimedBy('one'));
    const verdicts = verdictsOf('one');
    verdicts.add('m.r', 7, 'budget', 'late');
    take(claimedBy('two'));
    await expect(verdicts.publish()).rejects.toThrow('claimed again');
    expect(standing()).toEqual([]);
  });

  test('is told nobody when the store holds the claim no more: the states that led to it may have been lost', async () => {
    const { verdictsOf, standing } = createHouse(claimedBy('one'));
    const verdicts = verdictsOf('one', () => Promise.reject(new Error('another owner')));
    verdicts.add('m.r', 7, 'state', 'no JSON');
    await expect(verdicts.publish()).rejects.toThrow('another owner');
    expect(standing()).toEqual([]);
  });

  test('is all that the store is asked for: without one nothing is', async () => {
    const { verdictsOf } = createHouse(claimedBy('one'));
    let asked = 0;
    const verdicts = verdictsOf('one', async () => {
      asked += 1;
    });
    await verdicts.publish();
    expect(asked).toBe(0);
    verdicts.add('m.r', 7, 'state', 'no JSON');
    await verdicts.publish();
    await verdicts.publish();
    expect(asked).toBe(1);
  });

  test('counts whatever becomes of other partitions', async () => {
    const { verdictsOf, standing } = createHouse(claimedBy('one'), claimedBy('two', 4));
    const verdicts = verdictsOf('one');
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
