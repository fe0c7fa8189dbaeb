import type { Clock } from '../shared/clock.ts';
import type { Control } from '../shared/control/port.ts';
import type { History } from '../shared/history/port.ts';
import type { EventLog, Producer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { StateStore, Unit } from '../shared/state/port.ts';
import { nameOf } from '../shared/state/unit-meta.ts';
import { createCareful } from './careful.ts';
import { type Claimed, claimUnit } from './claim.ts';
import { type ClaimedUnit, createClaimedUnit } from './claimed-unit.ts';
import { copyOriginOf } from './copied-events.ts';
import { createCut } from './cut.ts';
import { createRekeyRules, createSourceRules, DUPLICATE_WINDOW } from './duplicate-rules.ts';
import { createEraseUnit } from './erase-unit.ts';
import type { FoldPolicy } from './fold-policy.ts';
import { createGrowth } from './growth.ts';
import { createIntake } from './intake.ts';
import { createLetters } from './letters.ts';
import type { Mutex } from './mutex.ts';
import { createPipeline } from './pipeline.ts';
import { createReadSize } from './read-size.ts';
import { createReduce } from './reduce.ts';
import type { Refusal } from './refusal.ts';
import { createRekeyedKeys, reducersOfTopic } from './rekey-keys.ts';
import { originOf } from './rekey-origin.ts';
import { createRekeying } from './rekeying.ts';
import { createKeyers } from './scope.ts';
import type { SharedDecoder } from './shared-decoder.ts';
import type { SharedWindows } from './shared-windows.ts';
import { createStateCache } from './state-cache.ts';
import { createStrayEvents, type StrayEvents } from './stray-events.ts';
import type { StrayOwner, Strays } from './strays.ts';
import { createUnitRunner } from './unit.ts';
import type { GroupOfUnit, UnitEvents, UnitRunner } from './unit-runner.ts';
import type { UnitWatch } from './unit-watch.ts';
import { createVerdicts } from './verdicts.ts';
import type { Watchdog } from './watchdog.ts';

export interface UnitLimits {
  /** The longest that a change waits for its checkpoint, in milliseconds. */
  readonly checkpointMs: number;
  /** For the states of one module in memory. */
  readonly cacheBytes: number;
}

export interface CreateUnitDeps {
  readonly log: EventLog;
  readonly history: History;
  readonly state: StateStore;
  readonly control: Control;
  readonly module: Module;
  readonly namespace: string;
  readonly producer: Pick<Producer, 'send'>;
  readonly decoder: SharedDecoder;
  readonly windows: SharedWindows;
  readonly policy: Omit<FoldPolicy, 'call'>;
  readonly strays: Pick<Strays, 'call'>;
  readonly limits: UnitLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watch: UnitWatch;
  /** Names the process, and no other that ever was. */
  readonly process: string;
  /** One for all units of the process. */
  readonly alone: Mutex;
  readonly watchdog: Pick<Watchdog, 'claimed' | 'reducing'>;
}

const CHECKPOINT_FORMAT = 2;
/** A verdict of its own says enough of those before. */
const MAX_TOLD = 1_000;

/** Puts one unit of a module together. */
export function createUnit(deps: CreateUnitDeps, at: TopicPartition, group: GroupOfUnit): UnitRunner {
  const { module, namespace, state, clock, watch, limits } = deps;
  const unit: Unit = { module: module.id, ...at };
  const ours = reducersOfTopic(module, namespace, at.topic);
  const { folded: reducers, isRekey } = ours;
  const keysOf = isRekey
    ? createRekeyedKeys(reducers, namespace)
    : createKeyers(reducers.map(({ scope }) => scope));
  const indexes = reducers.map((reducer) => module.reducers.indexOf(reducer));
  const rekeying = createRekeying({ ...deps, partitionsOf: group.partitionsOf }, at, ours);

  const erasing = createEraseUnit({ ...deps, unit, isRekey, partitions: group.partitionsOf(at.topic) });
  /** Of events that this process left out: what their dead letters are to say. */
  const told = new Map<string, Refusal>();

  // What a claim learned of how large states are lasts for the next.
  const lasting = { readSize: createReadSize(), growth: createGrowth() };

  const createClaimed = (claimed: Claimed, events: UnitEvents): ClaimedUnit => {
    const { token, claim, position } = claimed;
    if (claimed.beforeHistory > 0 && !isRekey) {
      watch.shortWindow(unit);
      const what = { ...unit, beforeHistory: claimed.beforeHistory, readFrom: claimed.readFrom };
      deps.logger.warn(what, 'history begins after records that would have told duplicates');
    }
    deps.watchdog.claimed(unit, token);
    const duplicate = (): void => watch.duplicate(unit);
    const verdicts = createVerdicts(deps.control, unit, token, () => pipeline.confirm());
    const letters = createLetters({ unit, version: module.version, stored: claimed.open, verdicts, watch });
    watch.claimed(unit, claimed.open, letters.counting);
    for (const { reducer, offset } of claimed.open)
      if (verdicts.of(reducer, offset)?.why === 'drop') letters.close(reducer, offset);
    const careful = createCareful(claim);
    // One half for states, one for the sessions of their keys.
    const maxBytes = (): number => limits.cacheBytes / 2 / Math.max(1, group.unitCount());
    const owner: StrayOwner = { unit, found: (stray) => strayEvents.found(stray) };
    const policy: FoldPolicy = {
      ...deps.policy,
      call(entry, event) {
        events.gotOn();
        return deps.strays.call(owner, entry, event);
      },
    };
    const cache = createStateCache({ ...lasting, reducers, policy, maxBytes });
    const readMany = (fields: readonly string[]) => state.readMany(unit, fields);
    const { window, sessions, sweep } = isRekey
      ? createRekeyRules()
      : createSourceRules({
          window: deps.windows.open(at, claimed.readFrom),
          maxBytes,
          entries: () => state.entries(unit),
          readMany,
          since: claim.anchor?.timestamp ?? null,
        });
    const rekeyed = rekeying.open({ marks: claimed.marks, letters, verdicts, waits: events.waits });
    const pipeline = createPipeline({
      token,
      stored: claim.next,
      position,
      send: rekeyed.send(erasing.noted((checkpoint) => state.checkpoint(unit, checkpoint))),
      done(checkpoint) {
        watch.checkpointed(unit, checkpoint.deadLetters);
        strayEvents.reached(checkpoint.next);
        events.done(checkpoint);
      },
      lost(because, forGood) {
        watch.checkpointLost(unit);
        events.lost(because, forGood);
      },
    });
    const strayEvents: StrayEvents = createStrayEvents({
      stored: claim.next,
      letters,
      verdicts,
      pipeline,
      ...events,
      told(name, refusal) {
        if (told.size >= MAX_TOLD) told.clear();
        told.set(name, refusal);
      },
    });
    const folding = createReduce({
      module,
      policy,
      letters,
      verdicts,
      careful,
      async mark(attempt) {
        if (!(await state.mark(unit, token, attempt))) throw new Error('another owner has the unit');
      },
      reducing: (index, offset) => deps.watchdog.reducing(unit, indexes[index]!, offset),
      told: (reducer, offset) => told.get(nameOf({ reducer, offset })),
      touched: cache.touch,
    });
    const reduce = rekeyed.reduce(folding);
    const intake = createIntake({
      moduleId: module.id,
      keysOf,
      originOf: isRekey ? originOf : copyOriginOf,
      erasures: deps.control.erasures,
      window,
      position,
      readFrom: claimed.readFrom,
      anchor: claim.anchor,
      duplicate,
    });
    const cut = strayEvents.guard(
      createCut({
        reducerCount: reducers.length,
        cache,
        sessions,
        letters,
        verdicts,
        reduce,
        pipeline,
      }),
    );
    return createClaimedUnit({
      ...lasting,
      stored: claim.next,
      position,
      intake,
      reduce,
      cache,
      sessions,
      sweep,
      letters,
      careful,
      alone: deps.alone,
      cut,
      pipeline,
      readMany,
      checkpointMs: limits.checkpointMs,
      clock,
      duplicate,
      folded: (count) => watch.folded(unit, count),
      decoderOf: (batch) => deps.decoder.open(batch, reducers.length + ours.rekeyed.length),
      publishes: ours.rekeyed.length > 0,
      close() {
        pipeline.close();
        rekeyed.close();
        window.close();
      },
    });
  };

  return createUnitRunner({
    ...deps,
    unit,
    consumer: group.consumer,
    claim: (wanted, waits, queues) =>
      claimUnit(
        {
          ...deps,
          unit,
          facts: {
            formatVersion: CHECKPOINT_FORMAT,
            partitions: group.partitionsOf(at.topic),
            reducersHash: module.hash,
          },
          erasing,
          // What was had of a source partition is stored: of a rekey topic only the anchor is looked at.
          readBack: isRekey ? 1 : DUPLICATE_WINDOW,
          published: (claim) => rekeying.published(claim, wanted, waits),
          queues,
        },
        wanted,
      ),
    createClaimed,
    tookOver: (ms) => watch.tookOver(unit, ms),
    dropped() {
      watch.dropped(unit);
    },
  });
}
