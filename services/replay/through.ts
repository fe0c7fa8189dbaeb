import { keyOf } from '../shared/log/partition-key.ts';
import type { EventLog, TopicPartition } from '../shared/log/port.ts';
import type { StateStore } from '../shared/state/port.ts';

export interface ThroughDeps {
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position'>;
  /** `<NAME>.v<VERSION>` */
  readonly moduleId: string;
  /** Those of the sources, then that of their events under other keys. */
  readonly topics: readonly string[];
  /** Something is stored that was not when this was asked before. */
  readonly gotOn: () => void;
}

/**
 * Whether all that the topics hold is in the stored states. They are looked at in their order, because what sources publish
 * under other keys is published before it is stored how far they are.
 */
export function createThrough(deps: ThroughDeps): () => Promise<boolean> {
  const { log, state, moduleId: module } = deps;
  const positions = new Map<string, number>();

  const isStored = async (at: TopicPartition, end: number): Promise<boolean> => {
    const next = (await state.position({ module, ...at }))?.next ?? 0;
    if (next !== positions.get(keyOf(at))) deps.gotOn();
    positions.set(keyOf(at), next);
    return next >= end;
  };

  return async () => {
    let all = true;
    for (const topic of deps.topics)
      for (const { partition, end } of await log.offsets(topic))
        if (!(await isStored({ topic, partition }, end))) all = false;
    return all;
  };
}
