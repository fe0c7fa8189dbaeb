import type { NumberedErasure } from '../shared/control/erasure-record.ts';
import type { Control } from '../shared/control/port.ts';
import { createRecordEraser, isTombstone } from '../shared/erasing/erased-record.ts';
import { ERASED_FIELD, erasuresOf, isConcerned } from '../shared/erasing/unit-mark.ts';
import type { History } from '../shared/history/port.ts';
import type { LogRecord } from '../shared/log/port.ts';
import { rangesOf } from '../shared/log/ranges.ts';
import type {
  Checkpoint,
  CheckpointReply,
  Claim,
  DeadLetterKey,
  StateStore,
  Unit,
} from '../shared/state/port.ts';
import { isSessionField, parseStateField, sessionField } from '../shared/state-key.ts';

export interface EraseUnitDeps {
  readonly unit: Unit;
  readonly isRekey: boolean;
  readonly partitions: number;
  readonly control: Pick<Control, 'erasures'>;
  readonly history: Pick<History, 'start' | 'read'>;
  readonly state: Pick<StateStore, 'readMany' | 'entries' | 'deadLetterKeys' | 'checkpoint' | 'reset'>;
}

type Send = (checkpoint: Checkpoint) => Promise<CheckpointReply>;

/** Brings what is stored of a unit to where it is without what is erased, before anything is folded on top of it. */
export interface EraseUnit {
  /**
   * `reset`: the unit is empty now, and must be claimed again. `clean`: it is without everything that is erased. Rejects
   * when the claim does not hold, and while store, log or archive do not answer: then another claim does it.
   */
  apply(claim: Claim, token: string): Promise<'clean' | 'reset'>;
  /** Whether something was decided since that concerns the unit: then it must be claimed again. */
  isBehind(): boolean;
  /** Has the first checkpoint of a claim note what its states are without. */
  noted(send: Send): Send;
}

const FIELDS_A_CHECKPOINT = 1_000;
/** How far back records are looked at that may have been received after the time up to which a learner is erased. */
const FIRST_LOOK = 5_000;
const LONGEST_LOOK = 320_000;
/** By how much the clock of a gateway may be ahead of the log's. */
const CLOCKS_MS = 60_000;

/**
 * A unit of students keeps what it has of others: the learner's states are removed, and the sessions go on under the
 * erased name. It begins anew where it folded something of the learner that is not erased, because nothing tells that
 * apart in a state; and so does every unit of a rekey topic, whose states mix learners.
 */
export function createEraseUnit(deps: EraseUnitDeps): EraseUnit {
  const { unit, state, history } = deps;
  const { erasures } = deps.control;
  const at = { topic: unit.topic, partition: unit.partition };
  const { erase } = createRecordEraser(erasures);
  /** Whether a key, as it stands in a state or a record, is of somebody erased after `since`. */
  const isNew = (key: string, since: number): boolean => (erasures.of(key)?.number ?? 0) > since;

  /** When the log appended the first record of a range, or true once one is found that is not erased. */
  const lookAt = async (from: number, to: number, since: number): Promise<number | true> => {
    let first = Number.NEGATIVE_INFINITY;
    const isKept = (record: LogRecord): boolean =>
      isNew(record.key?.toString() ?? '', since) && !isTombstone(erase(record));
    for await (const page of history.read({ ...at, from, to })) {
      if (page.some(isKept)) return true;
      if (page[0]!.offset === from) first = page[0]!.timestamp;
    }
    return first;
  };

  /** Whether something of a learner was folded that was received too late to be erased. */
  const hasLater = async (next: number, since: number, before: number): Promise<boolean> => {
    const limit = before / 1_000 - CLOCKS_MS;
    const oldest = await history.start(at);
    for (let look = FIRST_LOOK; look <= LONGEST_LOOK; look *= 4) {
      const from = Math.max(oldest, next - look);
      const found = await lookAt(from, next, since);
      if (found === true) return true;
      if (from === oldest || found < limit) return false;
    }
    return true;
  };

  /** What a checkpoint has to say of the fields of the learners. */
  const changesOf = async (since: number): Promise<Map<string, string | null>> => {
    const changes = new Map<string, string | null>();
    for await (const page of state.entries(unit))
      for (const { field, value } of page) {
        const { STUDENT: student, SESSION: session } = parseStateField(field).values;
        if (student === undefined || !isNew(student, since)) continue;
        changes.set(field, null);
        if (isSessionField(field)) changes.set(sessionField(erasures.of(student)!.name, session!), value);
      }
    return changes;
  };

  /** Dead letters of events that are erased, or that nobody has any more. */
  const goneLetters = async (): Promise<readonly DeadLetterKey[]> => {
    const open = await state.deadLetterKeys(unit);
    const oldest = open.length === 0 ? 0 : await history.start(at);
    const gone = new Set<number>();
    const look = (record: LogRecord): void => {
      if (isTombstone(erase(record))) gone.add(record.offset);
    };
    for (const range of rangesOf(open.map(({ offset }) => offset).filter((offset) => offset >= oldest)))
      for await (const page of history.read({ ...at, ...range })) for (const record of page) look(record);
    return open.filter(({ offset }) => offset < oldest || gone.has(offset));
  };

  const store = async (next: number, token: string, number: number, since: number): Promise<void> => {
    const changes = [...(await changesOf(since)), [ERASED_FIELD, String(number)] as const];
    const closed = await goneLetters();
    // The note comes with the last of them: until then, another claim begins again.
    for (let from = 0; from < changes.length; from += FIELDS_A_CHECKPOINT) {
      const states = new Map(changes.slice(from, from + FIELDS_A_CHECKPOINT));
      const nothing = { lengths: new Map(), deadLetters: [], anchor: null, caughtUpAt: null };
      const reply = await state.checkpoint(unit, { token, expected: next, next, states, closed, ...nothing });
      if (reply.status !== 'done' && reply.status !== 'repeated')
        throw new Error('the claim was lost while a learner was erased');
    }
  };

  const pendingSince = (number: number): readonly NumberedErasure[] =>
    erasures.after(number).filter(({ keyHash }) => isConcerned(unit, deps, keyHash));

  /** What the states are without, as far as this claim knows. */
  let stored = 0;
  let known = 0;

  return {
    async apply({ next }, token) {
      known = erasures.count;
      stored = 0;
      // What is folded from the beginning is folded without.
      if (known === 0 || next === null) return 'clean';
      const since = await erasuresOf(state, unit);
      stored = since;
      const pending = pendingSince(since);
      if (pending.length === 0) return 'clean';
      const before = Math.min(...pending.map((one) => one.before));
      if (deps.isRekey || (await hasLater(next, since, before))) {
        if (!(await state.reset(unit, token)))
          throw new Error('the claim was lost while a learner was erased');
        return 'reset';
      }
      await store(next, token, known, since);
      stored = known;
      return 'clean';
    },
    isBehind: () => pendingSince(known).length > 0,
    noted: (send) => (checkpoint) => {
      if (stored >= known) return send(checkpoint);
      const states = new Map(checkpoint.states).set(ERASED_FIELD, String(known));
      stored = known;
      return send({ ...checkpoint, states });
    },
  };
}
