import type { EmbeddedEnv } from '../embedded.ts';
import { LecternError } from '../errors.ts';
import type { TopicSpec } from './port.ts';

/** A topic as it is stored. `id` stands for the name in the keys of its records. */
export interface Topic {
  readonly id: number;
  readonly partitions: number;
}

export interface Topics {
  /** Makes those that are missing; throws TOPIC_MISMATCH. Only inside a transaction. */
  ensure(specs: readonly TopicSpec[]): void;
  /** Makes all of them; throws TOPIC_MISMATCH when one is there. Only inside a transaction. */
  make(specs: readonly TopicSpec[]): void;
  find(name: string): Topic | undefined;
  /** Throws UNKNOWN_TOPIC. */
  get(name: string): Topic;
}

const MAX_NAME_BYTES = 249;

function mismatch(spec: TopicSpec, found: Topic | undefined): string | null {
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1)
    return `topic ${spec.name} cannot have ${spec.partitions} partitions`;
  if (Buffer.byteLength(spec.name) > MAX_NAME_BYTES)
    return `the name of topic ${spec.name} is longer than ${MAX_NAME_BYTES} bytes`;
  if (found === undefined || found.partitions === spec.partitions) return null;
  return `topic ${spec.name} has ${found.partitions} partitions, not ${spec.partitions}`;
}

/** The topics of the environment. Made once, never changed: a partition count is fixed for ever. */
export function createTopics(env: EmbeddedEnv): Topics {
  const table = env.table<Topic>('topics', 'msgpack');
  const find = (name: string): Topic | undefined => table.get(Buffer.from(name));

  const ensure = (specs: readonly TopicSpec[]): void => {
    const wrong = specs.map((spec) => mismatch(spec, find(spec.name))).filter((text) => text !== null);
    if (wrong.length > 0)
      throw new LecternError(
        'TOPIC_MISMATCH',
        `${wrong.join('; ')}. Set LECTERN_PARTITIONS to what the topics have; more partitions need a new namespace`,
      );
    let id = table.getKeysCount({});
    for (const { name, partitions } of specs)
      if (find(name) === undefined) void table.put(Buffer.from(name), { id: id++, partitions });
  };

  return {
    find,
    ensure,
    make(specs) {
      const there = specs.filter(({ name }) => find(name) !== undefined).map(({ name }) => name);
      if (there.length > 0)
        throw new LecternError('TOPIC_MISMATCH', `there are topics already: ${there.join(', ')}`);
      ensure(specs);
    },
    get(name) {
      const topic = find(name);
      if (topic === undefined) throw new LecternError('UNKNOWN_TOPIC', `there is no topic ${name}`);
      return topic;
    },
  };
}
