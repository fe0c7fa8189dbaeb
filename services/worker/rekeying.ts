import type { Clock } from '../shared/clock.ts';
import type { EventLog, Producer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import { type Module, rekeyedContexts } from '../shared/module.ts';
import type { Claim, StateStore, Unit } from '../shared/state/port.ts';
import { eventsTopic, rekeyTopic } from '../shared/topics.ts';
import type { Letters } from './letters.ts';
import { createRekeyComplete } from './rekey-complete.ts';
import { isRebuilding, type Marks, passRekeyGate } from './rekey-gate.ts';
import { createRekeyer, type TopicReducers } from './rekey-keys.ts';
import { createRekeyPublisher } from './rekey-publisher.ts';
import { createRekeySource, type RekeySource } from './rekey-source.ts';
import type { Verdicts } from './verdicts.ts';

export interface RekeyingDeps {
  readonly log: Pick<EventLog, 'offsets'>;
  readonly producer: Pick<Producer, 'send'>;
  readonly state: Pick<StateStore, 'position' | 'readMany'>;
  readonly clock: Pick<Clock, 'now' | 'sleep' | 'every'>;
  readonly logger: Logger;
  readonly namespace: string;
  readonly module: Module;
  /** How many partitions a topic of the module has. */
  readonly partitionsOf: (topic: string) => number;
}

/** What one claim of a source unit knows. */
export interface RekeyingClaim {
  readonly marks: Marks;
  readonly letters: Letters;
  readonly verdicts: Verdicts;
  /** Told what publishing waits for, when that takes long; null when it goes on. */
  readonly waits: (what: string | null) => void;
}

/** How a unit's events get to those reducers of its module that fold them under other keys. */
export interface Rekeying {
  /** See `ClaimDeps`. */
  published(claim: Claim, wanted: () => boolean, waits: (what: string) => void): Promise<Marks | null>;
  open(claim: RekeyingClaim): RekeySource;
}

const NO_MARKS: Marks = [];

/** For a unit without such reducers. */
const nothing: RekeySource = { reduce: (reduce) => reduce, send: (send) => send, close: () => undefined };

/** Those whose events a module's rekey topic gets. */
const sourcesOf = ({ module, namespace, partitionsOf }: RekeyingDeps): readonly Unit[] =>
  rekeyedContexts(module).flatMap((context) => {
    const topic = eventsTopic(namespace, context);
    return Array.from({ length: partitionsOf(topic) }, (_, partition) => ({
      module: module.id,
      topic,
      partition,
    }));
  });

export function createRekeying(
  deps: RekeyingDeps,
  source: TopicPartition,
  { isRekey, rekeyed }: TopicReducers,
): Rekeying {
  const { module, clock, logger } = deps;
  if (rekeyed.length === 0)
    return {
      published: () => Promise.resolve(NO_MARKS),
      open() {
        if (!isRekey) return nothing;
        const unit = { module: module.id, ...source };
        return { ...nothing, send: createRekeyComplete({ ...deps, unit, sources: sourcesOf(deps) }) };
      },
    };
  const topic = rekeyTopic(deps.namespace, module.id);
  return {
    async published(claim, wanted, waits) {
      if (!isRebuilding(claim)) return NO_MARKS;
      return passRekeyGate({ ...deps, moduleId: module.id, rekeyTopic: topic }, source, wanted, waits);
    },
    open: (claim) =>
      createRekeySource({
        module,
        source,
        rekeyTopic: topic,
        partitions: deps.partitionsOf(topic),
        rekey: createRekeyer(rekeyed),
        publisher: createRekeyPublisher({
          producer: deps.producer,
          topic,
          clock,
          logger,
          waits: claim.waits,
        }),
        ...claim,
      }),
  };
}
