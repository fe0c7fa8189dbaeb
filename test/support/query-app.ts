import { Registry } from 'prom-client';
import type { LiveLimits } from '../../services/query/live.ts';
import { createQuery, type QueryDeps } from '../../services/query/query.ts';
import type { LearningClass } from '../../services/shared/classes.ts';
import { createApp, listen } from '../../services/shared/http.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { Module } from '../../services/shared/module.ts';
import { checkModule } from '../../services/shared/module-check.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { eventField, type Json, KeyField, reducer, Scope } from '../../services/shared/reducer-api.ts';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import { type KeyValues, keyText, type StateKind, stateField } from '../../services/shared/state-key.ts';
import { createMemoryState, type MemoryState } from './memory-state.ts';

export const PARTITIONS = 4;
const TOPIC = 'test.events.org.example';

function sampleModule(): Module {
  const perStudent = Scope([KeyField.STUDENT]);
  const perDocument = Scope([KeyField.STUDENT, eventField('doc_id')]);
  const context = 'org.example';
  const reduce = (): number => 0;
  const checked = checkModule({
    NAME: 'sample',
    VERSION: 3,
    REDUCERS: [
      {
        context,
        default: { count: 0 },
        function: reducer({ nullState: 0, name: 'counter', scope: perStudent }, reduce),
      },
      { context, function: reducer({ nullState: 0, name: 'text', scope: perDocument }, reduce) },
    ],
  });
  if (!('module' in checked)) throw new Error(checked.problems.join('\n'));
  return checked.module;
}

/** As long as nobody changes versions, the log is asked for what `/v1/modules` says in the margin only. */
const noLog: QueryDeps['log'] = {
  offsets: async () => [],
  partitionCount: async (topic) => (topic === TOPIC ? PARTITIONS : null),
};

/** Of a control topic without records. */
const undecided: QueryDeps['control'] = {
  activeVersion: () => null,
  claimedUnits: () => [],
  caughtUp: async () => undefined,
  watch: () => () => undefined,
};

export interface QueryAppOptions {
  readonly limits?: Partial<LiveLimits>;
  readonly classes?: readonly LearningClass[];
  readonly webDir?: string;
  readonly storeTimeoutMs?: number;
  /** Instead of `sample`. */
  readonly module?: Module;
  /** Instead of one in memory. */
  readonly state?: StateStore;
  readonly now?: () => number;
  /** Instead of one without records. */
  readonly log?: QueryDeps['log'];
  /** Instead of nobody having decided anything. */
  readonly control?: QueryDeps['control'];
  /** Besides `module`, or `sample`. */
  readonly more?: readonly Module[];
}

export interface QueryApp {
  readonly url: string;
  readonly memory: MemoryState;
  /** Claims every partition, as a worker that starts does, with so many records in each. */
  claim(logEnd?: number): Promise<void>;
  /** Checkpoints one state of `sample.<reducer>`, and announces it. */
  write(reducerName: string, key: KeyValues, state: Json, kind?: StateKind): Promise<void>;
  /** Checkpoints nothing but that the partition was read to its end. */
  catchUp(student: string, atMs: number): Promise<void>;
  get(path: string): Promise<{ status: number; headers: Headers; body: unknown }>;
  metric(name: string): Promise<number>;
  notReady(): readonly string[];
  degraded(): readonly string[];
  stop(): void;
  close(): Promise<void>;
}

/** The query service on a free port over a state store in memory, with a hand to write states like a worker. */
export async function startQueryApp(options: QueryAppOptions = {}): Promise<QueryApp> {
  const memory = createMemoryState();
  const logger = createLogger({ service: 'query', level: 'silent' });
  const registry = new Registry();
  const module = options.module ?? sampleModule();
  const query = createQuery({
    state: options.state ?? memory.store,
    log: options.log ?? noLog,
    control: options.control ?? undecided,
    modules: [module, ...(options.more ?? [])],
    namespace: 'test',
    classes: options.classes ?? [],
    webDir: options.webDir ?? '/nowhere',
    registry,
    logger,
    now: options.now ?? Date.now,
    limits: options.limits ?? {},
    storeTimeoutMs: options.storeTimeoutMs ?? 2_000,
  });
  const app = createApp({ routers: [query.router], notReady: () => [], registry, logger });
  const listening = await listen(app, '127.0.0.1', 0);
  const next = new Map<number, number>();

  const unitOf = (partition: number): Unit => ({ module: module.id, topic: TOPIC, partition });
  async function checkpoint(student: string, states: Map<string, string>, caughtUpAt: number): Promise<Unit> {
    const partition = partitionOf(student, PARTITIONS);
    const expected = next.get(partition) ?? null;
    next.set(partition, (expected ?? 0) + 1);
    const reply = await memory.store.checkpoint(unitOf(partition), {
      token: 'owner',
      expected,
      next: (expected ?? 0) + 1,
      states,
      deadLetters: [],
      lengths: new Map(),
      closed: [],
      anchor: null,
      caughtUpAt,
    });
    if (reply.status !== 'done') throw new Error(`the checkpoint was ${reply.status}`);
    return unitOf(partition);
  }

  return {
    url: listening.url,
    memory,
    async claim(logEnd = 0) {
      const facts = { formatVersion: 1, partitions: PARTITIONS, reducersHash: module.hash };
      for (let partition = 0; partition < PARTITIONS; partition++)
        await memory.store.claim(unitOf(partition), 'owner', facts, logEnd);
    },
    async write(reducerName, key, state, kind = 'Internal') {
      const field = stateField(kind, `sample.${reducerName}`, keyText(key));
      const unit = await checkpoint(key.STUDENT!, new Map([[field, JSON.stringify(state)]]), Date.now());
      await memory.store.announce({ unit, fields: [field] });
    },
    catchUp: async (student, atMs) => void (await checkpoint(student, new Map(), atMs)),
    async get(path) {
      const response = await fetch(listening.url + path);
      const text = await response.text();
      const json = response.headers.get('content-type')?.includes('json') ?? false;
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
    async metric(name) {
      const values = (await registry.getSingleMetric(name)!.get()).values;
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    notReady: query.notReady,
    degraded: query.degraded,
    stop: query.stop,
    async close() {
      query.stop();
      await listening.close();
    },
  };
}
