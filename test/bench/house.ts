import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../deploy/local/run.ts';
import { type Stack, stackVariables, startStack } from '../../deploy/local/stack.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { appendLoad, type Load, type Tallies } from './load.ts';
import { waitUntilQuiet } from './process-cpu.ts';
import type * as reducers from './reducers.ts';

export const PARTITIONS = 8;
const NAMESPACE = 'bench';

/** A topic full of events, and what must come out of them. */
export interface Loaded {
  readonly source: string;
  readonly topic: string;
  readonly events: number;
  readonly tallies: Tallies;
}

export interface BenchModule {
  readonly name: string;
  /** `<NAME>.v<VERSION>` */
  readonly id: string;
  readonly source: string;
  readonly reducers: number;
  /** Whether its states are append-only lists. */
  readonly lists: boolean;
  /** For LECTERN_MODULES. */
  readonly folder: string;
}

/** Real servers of a bench's own, and the ports to look at what workers leave there. */
export interface House {
  readonly run: Run;
  readonly namespace: string;
  readonly stack: Stack;
  readonly log: EventLog;
  readonly state: StateStore;
  /** For worker processes. */
  readonly variables: Readonly<Record<string, string>>;
  makeTopic(source: string): Promise<string>;
  load(load: Omit<Load, 'namespace'>): Promise<Loaded>;
  /** A new module, whose REDUCERS are `text`, a call of one of the functions of `reducers.ts`. */
  module(name: string, source: string, made: Made): BenchModule;
  /** Resolves when the servers have nothing left to do from what was before. */
  quiet(): Promise<void>;
}

/** A function of `reducers.ts`, and what it takes after the source. */
export interface Made {
  readonly by: keyof typeof reducers;
  readonly with: number;
  /** How many reducers that gives. */
  readonly reducers: number;
}

function moduleText(name: string, source: string, made: Made): string {
  const path = join(import.meta.dirname, 'reducers.js');
  return `import { ${made.by} } from ${JSON.stringify(path)};
export const NAME = ${JSON.stringify(name)};
export const VERSION = 1;
export const REDUCERS = ${made.by}(${JSON.stringify(source)}, ${made.with});
`;
}

/** Opens a house for as long as `bench` runs. */
export async function withHouse(run: Run, bench: (house: House) => Promise<void>): Promise<void> {
  const stack = await startStack({ run, lost: console.error, optimized: true });
  const { brokers, redisUrl } = stack.addresses;
  const logger = createLogger({ service: 'bench', level: 'warn' });
  const log = createKafkaLog({ brokers, clientId: 'bench', logger });
  const state = createRedisState({ url: redisUrl, namespace: NAMESPACE, logger });
  const makeTopic = async (source: string): Promise<string> => {
    const topic = eventsTopic(NAMESPACE, source);
    await log.ensureTopics([{ name: topic, partitions: PARTITIONS }]);
    return topic;
  };
  const house: House = {
    run,
    namespace: NAMESPACE,
    stack,
    log,
    state,
    variables: {
      ...stackVariables(stack.addresses),
      LECTERN_NAMESPACE: NAMESPACE,
      LECTERN_PARTITIONS: String(PARTITIONS),
      LECTERN_LOG_LEVEL: 'warn',
    },
    makeTopic,
    async load(load) {
      const topic = await makeTopic(load.source);
      const tallies = await appendLoad(log, { ...load, namespace: NAMESPACE });
      return { source: load.source, topic, events: load.events, tallies };
    },
    module(name, source, made) {
      const folder = join(run.dir, 'modules', name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'module.js'), moduleText(name, source, made));
      return {
        name,
        id: `${name}.v1`,
        source,
        reducers: made.reducers,
        lists: made.by === 'appending',
        folder,
      };
    },
    quiet: () => waitUntilQuiet([stack.services.kafka.pid, stack.services.redis.pid]),
  };
  try {
    await bench(house);
  } finally {
    await log.close();
    await state.close();
    await stack.stop();
  }
}
