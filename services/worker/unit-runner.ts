import type { Clock } from '../shared/clock.ts';
import type { History } from '../shared/history/port.ts';
import type { Batch, EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Checkpoint, StateStore, Unit } from '../shared/state/port.ts';
import type { Claimed } from './claim.ts';
import type { ClaimedUnit } from './claimed-unit.ts';
import type { ClaimingDeps } from './claiming.ts';
import type { UnitStatus } from './unit-status.ts';

/** What a unit knows of the group that it is given by. */
export interface GroupOfUnit {
  readonly consumer: GroupConsumer;
  /** How many partitions a topic of the module has. */
  readonly partitionsOf: (topic: string) => number;
  /** How many units of the module this member has. */
  readonly unitCount: () => number;
}

/** What a claimed unit tells; after `lost` nothing. */
export interface UnitEvents {
  readonly done: (checkpoint: Checkpoint) => void;
  /** `forGood`: what the reason says must be done before another claim. */
  readonly lost: (because: string, forGood?: boolean) => void;
  /** Has a task done between two batches, if the claim lasts until then. */
  readonly between: (task: () => Promise<void>) => void;
  /** It gets on. */
  readonly gotOn: () => void;
  /** What it waits for, other than records; null when it waits no more. */
  readonly waits: (what: string | null) => void;
}

export interface UnitDeps {
  readonly unit: Unit;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'archived'>;
  readonly state: Pick<StateStore, 'announce'>;
  readonly consumer: GroupConsumer;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly claim: ClaimingDeps['claim'];
  /** Called for each claim. */
  readonly createClaimed: (claimed: Claimed, events: UnitEvents) => ClaimedUnit;
  /** The unit reduced, or was caught up, for the first time since another process had it. */
  readonly tookOver: (afterMs: number) => void;
  readonly dropped: () => void;
}

/**
 * What an assigned unit is at: it waits to be claimed; reads what was reduced before, to know duplicates; folds again what
 * a lost store held, or a new version needs; reduces. Or it does nothing: a person, or the breaker, paused it; a reason
 * that a person must look at stopped it; or the group is rebalancing.
 */
export const UNIT_STATES = [
  'claiming',
  'reading_back',
  'rebuilding',
  'reducing',
  'paused',
  'stopped',
  'suspended',
] as const;
export type UnitState = (typeof UNIT_STATES)[number];

/** A unit as the group gives and takes it. */
export interface UnitRunner {
  readonly at: TopicPartition;
  /** Why the unit does not reduce, for people; null when it does. */
  readonly trouble: string | null;
  readonly state: UnitState;
  /** The offset of the next record to fold, as far as that was ever known here. */
  readonly position: number | null;
  /** Whether it gets on with whatever it is at. */
  readonly status: Pick<UnitStatus, 'progress' | 'waitsFor' | 'lost'>;
  /** Whether there is something that it is at, besides waiting for records. */
  readonly isBusy: boolean;
  /** The group gave the unit to this member, or left it with it. */
  assigned(): void;
  /** The assignment is over; the unit may come back with the next. Stores what is reduced if that takes no long time. */
  suspend(): void;
  /** Resolves when the batch is folded, or the unit has no use for it any more. */
  batch(batch: Batch): Promise<void>;
  caughtUp(endOffset: number): void;
  /** The log no longer holds what is to be read next. */
  outOfRange(): void;
  tick(): void;
  /** Stores what is reduced and stands still for as long as there is a reason. */
  setPaused(reason: string | null): void;
  /** A person dropped a dead letter of the unit. */
  dropLetter(reducer: string, offset: number): void;
  /** What its states hold is to be looked at again, so it is claimed anew; what is not stored is folded again. */
  reclaim(because: string): void;
  /** Leaves whatever it is at, which may never end, and claims the unit anew. */
  restart(because: string): void;
  /** Stores what is reduced, if that takes no long time, and takes nothing more. */
  drain(): Promise<void>;
  /** Another member has the unit now. */
  drop(): void;
}
