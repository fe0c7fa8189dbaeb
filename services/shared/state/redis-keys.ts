import type { Unit } from './port.ts';

/** The three keys of a unit. They share a hash tag, so a cluster keeps them in one slot and one script may use them. */
export interface UnitKeys {
  /**
   * Hash: token, formatVersion, partitions, reducersHash, target, next, anchor (JSON), caughtUpAt, claims, attempt
   * (`<reducer>@<offset>`, empty for none) with the times that processes made it and the marker, which names
   * them between spaces.
   */
  readonly meta: string;
  /** Hash: the text of each state by its field. */
  readonly states: string;
  /** Hash: each open dead letter, in two lines of JSON, under `<reducer>@<offset>`. */
  readonly dead: string;
}

export function unitKeys(namespace: string, { module, topic, partition }: Unit): UnitKeys {
  const base = `${namespace}:{${module}:${topic}:${partition}}`;
  return { meta: `${base}:meta`, states: `${base}:states`, dead: `${base}:dead` };
}

export function hintsChannel(namespace: string): string {
  return `${namespace}:hints`;
}
