import type { LeftOut } from '../shared/control/port.ts';
import { requeueHeaders } from '../shared/control/requeue-record.ts';
import { isTombstone } from '../shared/erasing/erased-record.ts';
import { messageOf } from '../shared/errors.ts';
import { createLazyProducer } from '../shared/log/lazy-producer.ts';
import type { LogRecord, OutgoingRecord, Producer } from '../shared/log/port.ts';
import type { Unit } from '../shared/state/port.ts';
import { nameOf } from '../shared/state/unit-meta.ts';
import type { FoundLetter } from './find-letters.ts';
import type { House } from './house.ts';
import { readOriginals } from './originals.ts';
import { byUnit, DROPPED, NOT_OPEN, type Outcome, openNames, skipped } from './outcome.ts';

type Requeuing = Pick<House, 'log' | 'state' | 'history' | 'control'>;

interface Ready {
  readonly letter: FoundLetter;
  readonly record: OutgoingRecord;
}

const REQUEUED = 'a person requeued the event: it is left out here, and reduced at a later place';

/** The original record once more, beside where it stood. Null when there is nothing that could be appended again. */
function again(letter: FoundLetter, { key, value, headers }: LogRecord): OutgoingRecord | null {
  if (value === null) return null;
  const { module, topic, partition } = letter.unit;
  const target = { module, reducer: letter.reducer, offset: letter.offset };
  return {
    topic,
    partition,
    key: (key ?? '').toString(),
    value,
    headers: { ...headers, ...requeueHeaders(target) },
  };
}

function verdict({ unit, reducer, offset }: FoundLetter, standing: LeftOut | undefined): LeftOut {
  return { kind: 'left-out', ...unit, reducer, offset, why: 'requeue', reason: standing?.reason ?? REQUEUED };
}

/**
 * Requeues open dead letters. Each is first acknowledged in the control topic as left out at its place; then its record
 * is appended again, at the end of the same partition, for that module version and reducer alone. Both in this order, so
 * that a replay leaves it out at the one place and takes it at the other. What was requeued twice is taken once.
 */
export async function requeueLetters(house: Requeuing, letters: readonly FoundLetter[]): Promise<Outcome[]> {
  const { control } = house;
  const producer = createLazyProducer(house.log);
  const outcomes: Outcome[] = [];
  const rest = (of: readonly FoundLetter[], because: string): void => {
    const told = new Set(outcomes.map(({ letter }) => letter));
    outcomes.push(...of.filter((letter) => !told.has(letter)).map((letter) => skipped(letter, because)));
  };
  try {
    await control.caughtUp();
    for (const [unit, ofUnit] of byUnit(letters)) {
      try {
        for await (const records of readOriginals(house, unit, new Set(ofUnit.map(({ offset }) => offset))))
          outcomes.push(...(await requeueRecords(house, producer, ofUnit, records)));
        rest(ofUnit, 'there is no record at its offset');
      } catch (error) {
        // What was appended until then is appended.
        rest(ofUnit, messageOf(error));
      }
    }
    return outcomes;
  } finally {
    await producer.close();
  }
}

async function requeueRecords(
  house: Requeuing,
  producer: Producer,
  letters: readonly FoundLetter[],
  records: readonly LogRecord[],
): Promise<Outcome[]> {
  const byOffset = new Map(records.map((record) => [record.offset, record]));
  const { unit } = letters[0]!;
  const open = await openNames(house, unit);
  const outcomes: Outcome[] = [];
  const ready: Ready[] = [];
  for (const letter of letters) {
    const original = byOffset.get(letter.offset);
    if (original === undefined) continue;
    const record = isTombstone(original) ? null : again(letter, original);
    if (isTombstone(original)) outcomes.push(skipped(letter, 'its event is erased'));
    else if (record === null) outcomes.push(skipped(letter, 'its record has no value'));
    else if (open.has(nameOf(letter))) ready.push({ letter, record });
    else outcomes.push(skipped(letter, NOT_OPEN));
  }
  return [...outcomes, ...(await appendAgain(house, producer, unit, ready))];
}

async function appendAgain(
  { control }: Requeuing,
  producer: Producer,
  unit: Unit,
  ready: readonly Ready[],
): Promise<Outcome[]> {
  const standing = control.leftOut(unit);
  const isDropped = ({ letter }: Ready): boolean => standing.get(nameOf(letter))?.why === 'drop';
  const wanted = ready.filter((one) => !isDropped(one));
  await Promise.all(
    wanted.map(({ letter }) => control.publish(verdict(letter, standing.get(nameOf(letter))))),
  );
  // Whose drop came first in the control topic is dropped for good.
  const agreed = wanted.filter((one) => !isDropped(one));
  const places = agreed.length === 0 ? [] : await producer.send(agreed.map(({ record }) => record));
  return [
    ...ready.filter(isDropped).map(({ letter }) => skipped(letter, DROPPED)),
    ...agreed.map(
      ({ letter }, index): Outcome => ({
        letter,
        status: 'requeued',
        offset: places[index]!.offset,
        because: null,
      }),
    ),
  ];
}
