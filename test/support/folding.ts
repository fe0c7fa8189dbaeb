import type { ModuleReducer } from '../../services/shared/module.ts';
import { reducer } from '../../services/shared/reducer-api.ts';
import { stateField } from '../../services/shared/state-key.ts';
import type { DecodedEvent } from '../../services/worker/decode.ts';
import { type Entry, writeEntry } from '../../services/worker/entry.ts';
import * as folding from '../../services/worker/fold.ts';
import type { FoldPolicy } from '../../services/worker/fold-policy.ts';
import type { Refusal } from '../../services/worker/refusal.ts';

/** Folding into one entry, without a unit around it. */

export const NOTHING = { internal: null, external: null };

const policy: FoldPolicy = {
  maxStateBytes: 10_000,
  call: (entry, given) => entry.reducer.reduce(given.fresh(), entry.value),
  budget: async (promise) => {
    const late = new Promise<{ kind: 'late' }>((resolve) => setImmediate(() => resolve({ kind: 'late' })));
    const settled = promise.then(
      (value) => ({ kind: 'done', value }) as const,
      (error: unknown) => ({ kind: 'failed', error }) as const,
    );
    return await Promise.race([settled, late]);
  },
};
export const fold = (entry: Entry, given: DecodedEvent) => folding.fold(entry, given, policy);
export const checkEntry = async (entry: Entry): Promise<readonly Refusal[]> =>
  folding.checkEntry(entry, policy);

/** What a cut writes of an entry; null for nothing. */
export async function cutEntry(entry: Entry) {
  await checkEntry(entry);
  const states = new Map<string, string | null>();
  writeEntry(entry, { states, lengths: new Map() });
  const [internal, external] = (['Internal', 'External'] as const).map((kind) =>
    states.get(stateField(kind, 'm.r', entry.key)),
  );
  return states.size === 0 ? null : { internal, external };
}

export function moduleReducer<S>(nullState: S, reduce: Parameters<typeof reducer<S>>[1]): ModuleReducer {
  const { reduce: typed } = reducer({ nullState, name: 'r' }, reduce);
  return {
    id: 'm.r',
    name: 'r',
    contexts: ['c'],
    scope: ['STUDENT'],
    rekeyed: false,
    nullState: nullState as never,
    default: null,
    reduce: typed as never,
  };
}

export const event = (fields: object, offset: number): DecodedEvent => {
  const fresh = () =>
    structuredClone({ client: { event: 'e', source: 'c', ...fields }, server: { time: 1 }, metadata: {} });
  return {
    kind: 'ok',
    offset,
    timestamp: 1_000,
    bytes: 100,
    student: 's',
    envelope: {} as never,
    value: Buffer.alloc(0),
    client: () => fresh().client as never,
    metadata: () => ({}) as never,
    fresh: fresh as never,
    release: () => undefined,
  };
};
