import type { Erasures } from '../erasing/erasures.ts';
import type { Attempt, Unit } from '../state/port.ts';
import type { ApiKey, Block, Unblock } from './access-record.ts';
import type { SourceClaim } from './claim-record.ts';
import type { Erasure } from './erasure-record.ts';
import type { ActiveVersion, StandingVersion } from './version-record.ts';

/**
 * Why an event was left out of a reducer at its place: the reducer took too long, ended the process, made a state that
 * cannot be stored, or failed after it had answered; or a person has it reduced again at a later place, or never.
 */
export type LeftOutWhy = 'budget' | 'killer' | 'state' | 'detached' | 'requeue' | 'drop';

/** A verdict that a replay could not come to by itself. */
export interface LeftOut extends Attempt {
  readonly kind: 'left-out';
  /** `<NAME>.v<VERSION>` */
  readonly module: string;
  readonly topic: string;
  readonly partition: number;
  readonly why: LeftOutWhy;
  readonly reason: string;
  /** Of the claim under which a worker came to it: it counts only until the unit is claimed again. None is a person's. */
  readonly token?: string | undefined;
}

/**
 * A unit has a new owner. What its last one still decides after this does not count: the new one has read what was
 * decided up to here, and folds without knowing it.
 */
export interface UnitClaimed {
  readonly kind: 'unit-claimed';
  readonly module: string;
  readonly topic: string;
  readonly partition: number;
  readonly token: string;
}

/** A person's word that a module, in all its versions, pauses or runs. */
export interface ModuleSwitch {
  readonly kind: 'module-switch';
  /** The module's NAME. */
  readonly module: string;
  readonly paused: boolean;
  readonly reason: string;
}

export type ControlRecord =
  | LeftOut
  | UnitClaimed
  | ModuleSwitch
  | ApiKey
  | Block
  | Unblock
  | ActiveVersion
  | SourceClaim
  | Erasure;

/** What was decided at run time, as far as this process has read the control topic. */
export interface Control {
  /** Resolves when the record is durable and this process has taken it in. */
  publish(record: ControlRecord): Promise<void>;
  /** Resolves when everything is taken in that the topic held when it was called. */
  caughtUp(): Promise<void>;
  /** The verdicts on one unit by `<reducer>@<offset>`; the map is live. */
  leftOut(unit: {
    readonly module: string;
    readonly topic: string;
    readonly partition: number;
  }): ReadonlyMap<string, LeftOut>;
  /** Null when the module runs, else why it does not. */
  pausedBecause(moduleName: string): string | null;
  /** Which version of a module is shown, by its NAME; null while nobody decided. */
  activeVersion(moduleName: string): StandingVersion | null;
  /** Every unit of any version of a module that was ever claimed. */
  claimedUnits(moduleName: string): readonly Unit[];
  /** By id, live; those that were revoked or have expired, too. */
  readonly apiKeys: ReadonlyMap<string, ApiKey>;
  /** By `blockName`, live; those that have ended, too. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** By source, live: those whose events went to the topic of unclaimed events before. */
  readonly claims: ReadonlyMap<string, SourceClaim>;
  /** Whose events are erased; live. */
  readonly erasures: Erasures;
  /** Calls `listener` for each record from now on, until the returned function is called. */
  watch(listener: (record: ControlRecord) => void): () => void;
}
