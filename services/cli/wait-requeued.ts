import type { Unit } from '../shared/state/port.ts';
import { nameOf } from '../shared/state/unit-meta.ts';
import { type FoundLetter, findLetters } from './find-letters.ts';
import type { House } from './house.ts';
import { byUnit, type Outcome, openNames } from './outcome.ts';

type Waiting = Pick<House, 'log' | 'state' | 'control' | 'clock' | 'namespace' | 'modules' | 'sources'>;

const POLL_MS = 250;

/** The offset that a unit must have passed, so that every record of the outcomes was reduced. */
async function targetOf(house: Waiting, unit: Unit, outcomes: readonly Outcome[]): Promise<number> {
  const offsets = outcomes.map(({ offset }) => offset);
  if (!offsets.includes(null)) return Math.max(...offsets.map((offset) => offset! + 1));
  // The log took one as a repeat and does not say where; it stands before the end.
  const ranges = await house.log.offsets(unit.topic);
  return ranges.find(({ partition }) => partition === unit.partition)?.end ?? 0;
}

async function reasonNow(house: Waiting, { unit, reducer, offset }: FoundLetter): Promise<string | null> {
  const { module, topic, partition } = unit;
  const filter = { module, topic, partition, reducer, offset, limit: 1 };
  return (await findLetters(house, filter)).letters[0]?.reason ?? null;
}

async function settle(
  house: Waiting,
  unit: Unit,
  outcomes: readonly Outcome[],
  deadline: number,
): Promise<Outcome[]> {
  const target = await targetOf(house, unit, outcomes);
  const isPast = async (): Promise<boolean> => ((await house.state.position(unit))?.next ?? 0) >= target;
  let past = await isPast();
  while (!past && house.clock.now() < deadline) {
    await house.clock.sleep(POLL_MS);
    past = await isPast();
  }
  const open = await openNames(house, unit);
  const paused = house.control.pausedBecause(unit.module.replace(/\.v\d+$/, ''));
  const because = paused === null ? 'the unit has not reduced it yet' : `the module is ${paused}`;
  return await Promise.all(
    outcomes.map(async (outcome): Promise<Outcome> => {
      if (!open.has(nameOf(outcome.letter))) return { ...outcome, status: 'closed' };
      if (!past) return { ...outcome, status: 'unknown', because };
      return { ...outcome, status: 'failed again', because: await reasonNow(house, outcome.letter) };
    }),
  );
}

/** Waits until each requeued dead letter was reduced again, `waitMs` at most, and says what came of it. */
export async function waitRequeued(
  house: Waiting,
  outcomes: readonly Outcome[],
  waitMs: number,
): Promise<Outcome[]> {
  const deadline = house.clock.now() + waitMs;
  const settled = outcomes.filter(({ status }) => status !== 'requeued');
  const requeued = new Map(
    outcomes.filter(({ status }) => status === 'requeued').map((outcome) => [outcome.letter, outcome]),
  );
  for (const [unit, letters] of byUnit([...requeued.keys()])) {
    const ofUnit = letters.map((letter) => requeued.get(letter)!);
    settled.push(...(await settle(house, unit, ofUnit, deadline)));
  }
  return settled;
}
