import { createErasures } from '../erasing/erasures.ts';
import { nameOf } from '../state/unit-meta.ts';
import { unitName } from '../state/unit-name.ts';
import type { ApiKey, Block } from './access-record.ts';
import type { SourceClaim } from './claim-record.ts';
import { type AccessLimits, createDecidedAccess, type DecidedAccess } from './decided-access.ts';
import { createDecidedClaims } from './decided-claims.ts';
import { createDecidedVersions } from './decided-versions.ts';
import type { NumberedErasure } from './erasure-record.ts';
import type { Control, ControlRecord, LeftOut, ModuleSwitch } from './port.ts';
import type { ActiveVersion, StandingVersion } from './version-record.ts';

/** What was decided about one unit. */
export interface UnitDecisions {
  readonly module: string;
  readonly topic: string;
  readonly partition: number;
  /** The token of the unit's last claim; null before the first. */
  readonly owner: string | null;
  /** The verdicts that stand. */
  readonly leftOut: readonly LeftOut[];
}

/** All that a process must know of the records up to some place to go on from there: of units, and of modules by name. */
export interface Decisions {
  readonly units: readonly UnitDecisions[];
  readonly switches: readonly ModuleSwitch[];
  readonly apiKeys: readonly ApiKey[];
  readonly blocks: readonly Block[];
  readonly versions: readonly StandingVersion[];
  readonly claims: readonly SourceClaim[];
  readonly erasures: readonly NumberedErasure[];
}

/**
 * What was decided, in memory: one entry for each verdict that stands, of all module versions and for ever, because a
 * replay may ask for any of them. `refusal` bounds how many a module version can have.
 */
export interface Decided
  extends Pick<
    Control,
    | 'leftOut'
    | 'pausedBecause'
    | 'activeVersion'
    | 'claimedUnits'
    | 'apiKeys'
    | 'blocks'
    | 'claims'
    | 'erasures'
  > {
  readonly verdicts: number;
  /** The last one of each module. */
  readonly switches: readonly ModuleSwitch[];
  /** The decision that holds on each module. */
  readonly versions: readonly ActiveVersion[];
  /**
   * Why a record must not be published, with the remedy; null when it may. What is in the topic is taken in all the same.
   * A verdict on an event that is left out already is always allowed.
   */
  refusal(record: ControlRecord): string | null;
  take(record: ControlRecord): void;
  /** As it is now; what is taken later does not change it. */
  copy(): Decisions;
  /** Begins from a copy, before anything is taken. */
  restore(decisions: Decisions): void;
}

export interface DecidedLimits {
  /** Events of one module version that workers left out, and nobody has requeued or dropped. */
  readonly ofWorkers: number;
  /** Events of one module version that a person requeued or dropped. */
  readonly ofPersons: number;
}

/** About 5 MiB, and 50 MiB, for a module version that comes so far: so many are no single events any more. */
const LIMITS: DecidedLimits = { ofWorkers: 20_000, ofPersons: 200_000 };

type UnitKey = Parameters<Control['leftOut']>[0];

interface UnitState {
  readonly unit: UnitKey;
  owner: string | null;
  readonly leftOut: Map<string, LeftOut>;
  /** The last that came: the next one often says the same, and shares its texts. */
  last: LeftOut | null;
}

interface Counts {
  ofWorkers: number;
  ofPersons: number;
}

type AccessRecord = Parameters<DecidedAccess['take']>[0];

const isOfAccess = (record: ControlRecord): record is AccessRecord =>
  record.kind === 'api-key' || record.kind === 'block' || record.kind === 'unblock';

/** Of an id, `<NAME>.v<VERSION>`. */
const nameOfModule = (id: string): string => id.slice(0, id.lastIndexOf('.v'));

const isPersons = ({ why }: LeftOut): boolean => why === 'requeue' || why === 'drop';
const counterOf = (verdict: LeftOut): keyof Counts => (isPersons(verdict) ? 'ofPersons' : 'ofWorkers');

/**
 * Whatever its why, a verdict leaves the event out at its place, so the first one stands; but that an event was
 * requeued must be known, and a drop, after which it is not accounted for any more, is final.
 */
const replaces = (why: LeftOut['why'], standing: LeftOut['why']): boolean =>
  why === 'drop' || (why === 'requeue' && standing !== 'drop');

export function createDecided(limits: DecidedLimits = LIMITS, accessLimits?: AccessLimits): Decided {
  const access = createDecidedAccess(accessLimits);
  const versions = createDecidedVersions();
  const claims = createDecidedClaims();
  const erasures = createErasures();
  const units = new Map<string, UnitState>();
  const switches = new Map<string, ModuleSwitch>();
  const counts = new Map<string, Counts>();
  let verdicts = 0;

  const stateOf = (unit: UnitKey): UnitState => {
    const key = unitName(unit);
    const found = units.get(key);
    if (found !== undefined) return found;
    const { module, topic, partition } = unit;
    const made: UnitState = {
      unit: { module, topic, partition },
      owner: null,
      leftOut: new Map(),
      last: null,
    };
    units.set(key, made);
    return made;
  };
  const allSwitches = (): readonly ModuleSwitch[] => [...switches.values()];
  const countsOf = (module: string): Counts => {
    const found = counts.get(module) ?? { ofWorkers: 0, ofPersons: 0 };
    counts.set(module, found);
    return found;
  };

  const put = (state: UnitState, name: string, verdict: LeftOut): void => {
    const standing = state.leftOut.get(name);
    const count = countsOf(state.unit.module);
    if (standing === undefined) verdicts += 1;
    else count[counterOf(standing)] -= 1;
    count[counterOf(verdict)] += 1;
    const { last } = state;
    const kept = {
      ...verdict,
      ...state.unit,
      reducer: last?.reducer === verdict.reducer ? last.reducer : verdict.reducer,
      reason: last?.reason === verdict.reason ? last.reason : verdict.reason,
    };
    state.last = kept;
    state.leftOut.set(name, kept);
  };

  const takeVerdict = (verdict: LeftOut): void => {
    const state = stateOf(verdict);
    if (verdict.token !== undefined && verdict.token !== state.owner) return;
    const name = nameOf(verdict);
    const standing = state.leftOut.get(name);
    if (standing === undefined || replaces(verdict.why, standing.why)) put(state, name, verdict);
  };

  return {
    get verdicts() {
      return verdicts;
    },
    get switches() {
      return allSwitches();
    },
    get versions() {
      return versions.records();
    },
    refusal(record) {
      if (isOfAccess(record)) return access.refusal(record);
      if (record.kind === 'source-claim') return claims.refusal(record);
      if (record.kind === 'erasure') return erasures.refusal(record);
      if (record.kind !== 'left-out') return null;
      const { module } = record;
      if (units.get(unitName(record))?.leftOut.has(nameOf(record)) === true) return null;
      const count = counts.get(module)?.[counterOf(record)] ?? 0;
      if (count < limits[counterOf(record)]) return null;
      return isPersons(record)
        ? `${count} events of ${module} were requeued or dropped, and no more can be: correct the module and raise its VERSION, which folds everything anew`
        : `${count} events are left out of ${module} by verdicts of its workers: correct the module, requeue or drop its dead letters (lectern dead-letters requeue --module ${module} --yes), and start its workers again; or raise its VERSION`;
    },
    take(record) {
      if (isOfAccess(record)) access.take(record);
      else if (record.kind === 'source-claim') claims.take(record);
      else if (record.kind === 'erasure') erasures.take(record);
      else if (record.kind === 'left-out') takeVerdict(record);
      else if (record.kind === 'active-version') versions.take(record);
      else if (record.kind === 'unit-claimed') stateOf(record).owner = record.token;
      else switches.set(record.module, record);
    },
    copy: () => ({
      units: [...units.values()]
        .filter(({ owner, leftOut }) => owner !== null || leftOut.size > 0)
        .map(({ unit, owner, leftOut }) => ({ ...unit, owner, leftOut: [...leftOut.values()] })),
      switches: allSwitches(),
      apiKeys: [...access.apiKeys.values()],
      blocks: [...access.blocks.values()],
      versions: [...versions.standing.values()],
      claims: [...claims.claims.values()],
      erasures: erasures.copy(),
    }),
    restore(decisions) {
      for (const { owner, leftOut, ...unit } of decisions.units) {
        const state = stateOf(unit);
        state.owner = owner;
        for (const verdict of leftOut) put(state, nameOf(verdict), verdict);
      }
      for (const given of decisions.switches) switches.set(given.module, given);
      access.restore(decisions);
      versions.restore(decisions.versions);
      claims.restore(decisions.claims);
      erasures.restore(decisions.erasures);
    },
    apiKeys: access.apiKeys,
    blocks: access.blocks,
    claims: claims.claims,
    erasures,
    leftOut: (unit) => stateOf(unit).leftOut,
    activeVersion: (name) => versions.standing.get(name) ?? null,
    claimedUnits: (name) =>
      [...units.values()]
        .filter(({ unit, owner }) => owner !== null && nameOfModule(unit.module) === name)
        .map(({ unit }) => unit),
    pausedBecause(name) {
      const found = switches.get(name);
      if (found === undefined || !found.paused) return null;
      return `paused: ${found.reason}; to go on: lectern modules resume ${name}`;
    },
  };
}
