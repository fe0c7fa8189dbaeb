import type { LeftOut } from '../../../services/shared/control/port.ts';
import { stateField } from '../../../services/shared/state-key.ts';
import { keyOf } from './keys.ts';
import { isRekeyed, type ModuleSpec, moduleId, reducerId } from './modules.ts';
import { isPossible } from './possible-verdict.ts';
import { FORMS, isUpset, type ReducerSpec, type State } from './reducers.ts';
import type { Placed } from './repeats.ts';

/** Something that was so from an offset on. */
interface Since<T> {
  readonly offset: number;
  readonly value: T;
}
type Versions<T> = Map<string, Since<T>[]>;

interface KeyState {
  value: State;
  external: 'internal' | 'hidden' | State;
}

/** One unit folded event by event, without duplicates and what is left out; it remembers how it was at every offset. */
export interface UnitFold {
  /** Throws when a verdict leaves out what the reducer could have folded. */
  take(placed: Placed): void;
  /** The fields of its states when everything below an offset is folded. */
  fieldsAt(next: number): ReadonlyMap<string, string>;
  /** Its open dead letters then, as `<reducer>@<offset>`. */
  lettersAt(next: number): ReadonlySet<string>;
}

function record<T>(versions: Versions<T>, name: string, offset: number, value: T): void {
  const known = versions.get(name) ?? [];
  known.push({ offset, value });
  versions.set(name, known);
}

function at<T>(versions: readonly Since<T>[], next: number): T | undefined {
  return versions.findLast(({ offset }) => offset < next)?.value;
}

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isJson);
}
/** A state that JSON has no words for is never stored, so this stands for no text. */
const textOf = (value: State): string =>
  isJson(value) ? JSON.stringify(value) : 'nothing that can be stored';

/** The key of the state that a record is for; null when it is for none. */
function keyAt({ event, rekeyed }: Placed, spec: ReducerSpec): string | null {
  if (isRekeyed(spec) !== (rekeyed !== null) || !spec.contexts.includes(event.source)) return null;
  const key = keyOf(event, spec.scope);
  return rekeyed === null || rekeyed.key === key ? key : null;
}

export function createUnitFold(
  module: ModuleSpec,
  isRepeat: (placed: Placed) => boolean,
  verdictOn: (reducer: string, offset: number) => LeftOut | undefined,
): UnitFold {
  const states = new Map<string, KeyState>();
  const fields: Versions<string | null> = new Map();
  const letters: Versions<boolean> = new Map();
  const open = new Set<string>();

  const setLetter = (reducer: string, origin: number, offset: number, isOpen: boolean): void => {
    const name = `${reducer}@${origin}`;
    if (isOpen) open.add(name);
    else open.delete(name);
    record(letters, name, offset, isOpen);
  };

  const write = (reducer: string, key: string, offset: number, { value, external }: KeyState): void => {
    record(fields, stateField('Internal', reducer, key), offset, textOf(value));
    const text = external === 'hidden' ? '' : external === 'internal' ? null : JSON.stringify(external);
    record(fields, stateField('External', reducer, key), offset, text);
  };

  const stateOf = (index: number, key: string): KeyState => {
    const { form } = module.reducers[index]!;
    const known = states.get(stateField('Internal', reducerId(module, index), key));
    return known ?? { value: FORMS[form].nullState, external: 'internal' };
  };

  /** Folds an event into a reducer's state; false when the reducer refuses it. */
  const fold = (index: number, key: string, { event, offset }: Placed): boolean => {
    const spec = module.reducers[index]!;
    const reducer = reducerId(module, index);
    const { outcome, stateType } = FORMS[spec.form];
    const name = stateField('Internal', reducer, key);
    const before = stateOf(index, key);
    const minds = spec.minds.includes(event.kind) ? event.kind : 'plain';
    if (minds === 'throws' || minds === 'garbage' || (minds === 'fickle' && isUpset(before.value)))
      return false;
    if (minds === 'hangs' || minds === 'kills') {
      // Without a verdict nobody gets past it, so no text that is ever stored may match.
      record(fields, name, offset, `${event.kind} at ${offset}`);
      return true;
    }
    const result = outcome(event, before.value as never);
    if (result === 'refused') return false;
    if (result === null) return true;
    // A list is stored as what was appended, whatever else is put on it.
    const isSpoilt = minds === 'fleeting' && stateType === undefined && result.internal !== before.value;
    const value = isSpoilt ? { ...result.internal, fleeting: Number.NaN } : result.internal;
    const shown = before.external === 'internal' ? 'hidden' : before.external;
    const after: KeyState = { value, external: result.external === 'kept' ? shown : result.external };
    states.set(name, after);
    write(reducer, key, offset, after);
    return true;
  };

  const reduce = (index: number, placed: Placed): void => {
    const { offset, requeue, event } = placed;
    const spec = module.reducers[index]!;
    const reducer = reducerId(module, index);
    const key = keyAt(placed, spec);
    const origin = requeue?.offset ?? offset;
    if (key === null || (requeue !== null && requeue.reducer !== reducer)) return;
    const verdict = verdictOn(reducer, offset);
    if (verdict !== undefined && !isPossible(verdict, spec, event, stateOf(index, key).value))
      throw new Error(
        `${reducer}@${offset} of ${verdict.topic}/${verdict.partition} is left out (${verdict.why}), and should be folded`,
      );
    if (verdict?.why === 'drop') return;
    if (verdict !== undefined || !fold(index, key, placed)) setLetter(reducer, origin, offset, true);
    else if (requeue !== null) setLetter(reducer, origin, offset, false);
  };

  const copies = new Map<string, number>();
  const noteCopy = ({ topic, partition, ...from }: NonNullable<Placed['copied']>, offset: number): void => {
    const name = `Mark,${topic}/${partition}`;
    if (from.offset <= (copies.get(name) ?? -1)) return;
    copies.set(name, from.offset);
    record(fields, name, offset, `${from.offset},0`);
  };

  return {
    take(placed) {
      const { requeue, offset, event, copied } = placed;
      if (copied !== null) noteCopy(copied, offset);
      if (isRepeat(placed)) return;
      const { rekeyed } = placed;
      if (rekeyed !== null && requeue === null)
        record(
          fields,
          `Mark,${rekeyed.topic}/${rekeyed.partition}`,
          offset,
          `${rekeyed.offset},${rekeyed.n}`,
        );
      if (requeue !== null && requeue.module !== moduleId(module)) return;
      if (requeue !== null && !open.has(`${requeue.reducer}@${requeue.offset}`)) return;
      if (event.kind === 'undecodable') setLetter(module.name, requeue?.offset ?? offset, offset, true);
      else for (let index = 0; index < module.reducers.length; index++) reduce(index, placed);
    },
    fieldsAt(next) {
      const found = new Map<string, string>();
      for (const [field, versions] of fields) {
        const text = at(versions, next);
        if (text !== undefined && text !== null) found.set(field, text);
      }
      return found;
    },
    lettersAt(next) {
      return new Set(
        [...letters].filter(([, versions]) => at(versions, next) === true).map(([name]) => name),
      );
    },
  };
}
