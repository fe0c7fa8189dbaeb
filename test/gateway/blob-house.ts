import type { BlobSources } from '../../services/gateway/gateway.ts';
import { blobPlaces } from '../../services/shared/blobs.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import type { Module } from '../../services/shared/module.ts';
import { loadModules } from '../../services/shared/modules.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import type { LearningEvent } from '../../services/shared/reducer-api.ts';
import { stateField } from '../../services/shared/state-key.ts';
import { createKeyer } from '../../services/worker/scope.ts';
import { createMemoryState, type MemoryState } from '../support/memory-state.ts';
import { NO_CHANGES } from '../support/no-changes.ts';
import { createFakeLog, type FakeLog } from './fake-producer.ts';
import type { TestGatewayOptions } from './support.ts';

const PARTITIONS = 2;
const codec = createEventCodec();

/** What gateways share that serve one log and one store, with a worker that folds blobs when it is told to. */
export interface BlobHouse {
  readonly log: FakeLog;
  readonly memory: MemoryState;
  /** For `startGateway`. */
  readonly options: TestGatewayOptions;
  /** Folds what the log has, with the product's own module. */
  fold(): Promise<void>;
  /** Folds what comes, until it is stopped. */
  keepFolding(): { stop(): Promise<void> };
  /** As FLUSHALL: the store has nothing, and nobody claimed anything. */
  loseStates(): void;
  /** As a topic that was made again: its records are gone. */
  loseLog(): void;
  /** The times that the log was asked for its end. */
  asked(): number;
}

export async function createBlobHouse(limits: TestGatewayOptions['limits'] = {}): Promise<BlobHouse> {
  const { modules } = await loadModules({
    reducersDir: new URL('../../reducers/', import.meta.url),
    extra: [],
    cwd: process.cwd(),
  });
  const module: Module = modules.find(({ name }) => name === 'blobs')!;
  const [reducer] = module.reducers;
  const keyOf = createKeyer(reducer!.scope);
  const places = blobPlaces('test', modules, { activeVersion: () => null })!;
  const log = createFakeLog();
  let memory = createMemoryState();
  let claims = 0;
  let forgotten = 0;
  let asked = 0;

  const saved = () =>
    log.sends
      .flat()
      .filter(({ topic }) => topic === places.topic)
      .slice(forgotten);

  function stateOf({ key, value }: OutgoingRecord): [field: string, text: string] {
    const decoded = codec.decode(value);
    if (decoded.kind !== 'ok') throw new Error(decoded.reason);
    const client = JSON.parse(decoded.value.client) as LearningEvent['client'];
    const event = { client, server: { time: 0 }, metadata: { auth: client.auth } };
    const stateKey = keyOf({ student: key, client: () => client, metadata: () => event.metadata });
    const state = reducer!.reduce(event, reducer!.nullState);
    return [stateField('Internal', reducer!.id, stateKey!), JSON.stringify(state)];
  }

  async function foldInto(partition: number): Promise<void> {
    const unit = places.unit(partition);
    const records = saved().filter(({ key }) => partitionOf(key, PARTITIONS) === partition);
    const position = await memory.store.position(unit);
    if ((position?.next ?? -1) >= records.length) return;
    const token = `token-${++claims}`;
    const facts = { formatVersion: 1, partitions: PARTITIONS, reducersHash: module.hash };
    const { next } = await memory.store.claim(unit, token, facts, records.length);
    const states = new Map(records.slice(next ?? 0).map(stateOf));
    await memory.store.checkpoint(unit, {
      ...NO_CHANGES,
      token,
      expected: next,
      next: records.length,
      states,
    });
  }

  async function fold(): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) await foldInto(partition);
  }

  const blobs: BlobSources = {
    places,
    log: {
      async offsets() {
        asked += 1;
        const ends = Array.from({ length: PARTITIONS }, () => 0);
        for (const { key } of saved()) ends[partitionOf(key, PARTITIONS)]! += 1;
        return ends.map((end, partition) => ({ partition, start: 0, end }));
      },
    },
    state: {
      position: (unit) => memory.store.position(unit),
      readMany: (unit, fields) => memory.store.readMany(unit, fields),
    },
  };
  return {
    log,
    get memory() {
      return memory;
    },
    options: { log, blobs, limits: { blobPollMs: 1, ...limits } },
    fold,
    keepFolding() {
      let stopped = false;
      const folding = (async () => {
        while (!stopped) {
          await fold();
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      return {
        async stop() {
          stopped = true;
          await folding;
        },
      };
    },
    loseStates() {
      memory = createMemoryState();
    },
    loseLog() {
      forgotten += saved().length;
    },
    asked: () => asked,
  };
}
