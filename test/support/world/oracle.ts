import type { ControlRecord, LeftOut } from '../../../services/shared/control/port.ts';
import type { TopicPartition } from '../../../services/shared/log/port.ts';
import type { Unit } from '../../../services/shared/state/port.ts';
import { unitName } from '../../../services/shared/state/unit-name.ts';
import { type ModuleSpec, moduleId } from './modules.ts';
import { joinParts } from './parts.ts';
import { createRekeyedRepeats, isRekeyTopic } from './rekeyed.ts';
import { createRepeats, type Placed } from './repeats.ts';
import { createUnitFold, type UnitFold } from './unit-fold.ts';

export interface OracleDeps {
  readonly modules: readonly ModuleSpec[];
  /** Everything that was ever appended to a partition. */
  readonly placed: (at: TopicPartition) => readonly Placed[];
  /** The control topic. */
  readonly decisions: () => readonly ControlRecord[];
}

/** What a unit holds, found out without the worker: the log folded once, in its order. */
export interface Oracle {
  fieldsAt(unit: Unit, next: number): ReadonlyMap<string, string>;
  lettersAt(unit: Unit, next: number): ReadonlySet<string>;
  /** Fields as they are stored, so that they can be compared to `fieldsAt`. */
  plain(unit: Unit, fields: Map<string, string>): void;
}

interface Known {
  readonly fold: UnitFold;
  taken: number;
  /** How many decisions on the unit the fold knows. */
  readonly decided: number;
}

/** What was decided on a unit's events: by people, and by whoever owned it when they said so. */
function standing(decisions: readonly ControlRecord[], unit: Unit): readonly LeftOut[] {
  let owner: string | undefined;
  const found: LeftOut[] = [];
  for (const decision of decisions) {
    if (!('partition' in decision) || unitName(decision) !== unitName(unit)) continue;
    if (decision.kind === 'unit-claimed') owner = decision.token;
    else if (decision.token === undefined || decision.token === owner) found.push(decision);
  }
  return found;
}

export function createOracle(deps: OracleDeps): Oracle {
  const known = new Map<string, Known>();
  const moduleOf = (unit: Unit): ModuleSpec =>
    deps.modules.find((candidate) => moduleId(candidate) === unit.module)!;

  const open = (unit: Unit): Known => {
    const decisions = standing(deps.decisions(), unit);
    const existing = known.get(unitName(unit));
    // One that is new may be on what is folded already.
    if (existing !== undefined && existing.decided === decisions.length) return existing;
    const verdicts = new Map<string, LeftOut>();
    for (const decision of decisions) {
      const name = `${decision.reducer}@${decision.offset}`;
      // The first stands, but for a person's word.
      if (decision.token === undefined || !verdicts.has(name)) verdicts.set(name, decision);
    }
    const module = moduleOf(unit);
    const isRepeat = isRekeyTopic(unit.topic) ? createRekeyedRepeats() : createRepeats();
    const fold = createUnitFold(module, isRepeat, (reducer, offset) => verdicts.get(`${reducer}@${offset}`));
    const made: Known = { fold, taken: 0, decided: decisions.length };
    known.set(unitName(unit), made);
    return made;
  };
  const foldOf = (unit: Unit): UnitFold => {
    const found = open(unit);
    const all = deps.placed(unit);
    while (found.taken < all.length) found.fold.take(all[found.taken++]!);
    return found.fold;
  };

  return {
    fieldsAt: (unit, next) => foldOf(unit).fieldsAt(next),
    lettersAt: (unit, next) => foldOf(unit).lettersAt(next),
    plain: (unit, fields) => joinParts(moduleOf(unit), fields),
  };
}
