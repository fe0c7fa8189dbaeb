/** The names of a namespace's topics and groups, all made here. */

export const UNCLAIMED = '_unclaimed';
/** Stands where a source does, for the saved blobs of all sources; no sender can name it. */
export const BLOBS = '_blobs';

/** The sources that the gateway itself makes events for, out of what comes by these standards: each has a topic. */
export const STANDARD_SOURCES = ['caliper', 'xapi'] as const;

export function eventsTopic(namespace: string, source: string): string {
  return `${namespace}.events.${source}`;
}

/** What is decided at run time: one partition, archived. */
export function controlTopic(namespace: string): string {
  return `${namespace}.control`;
}

/** Copies of dead letters, for people and tools. */
export function deadLettersTopic(namespace: string): string {
  return `${namespace}.dead-letters`;
}

/** Events under another key, for a module given as `<NAME>.v<VERSION>`. */
export function rekeyTopic(namespace: string, module: string): string {
  return `${namespace}.rekey.${module}`;
}

/**
 * The source under which a topic is archived: an events topic's own, and `_control` or `_rekey.<module>` for ours, which
 * no source is named like.
 */
export function sourceOfTopic(namespace: string, topic: string): string {
  const events = `${namespace}.events.`;
  return topic.startsWith(events) ? topic.slice(events.length) : `_${topic.slice(namespace.length + 1)}`;
}

/** The consumer group of a module, given as `<NAME>.v<VERSION>`. */
export function moduleGroup(namespace: string, module: string): string {
  return `${namespace}.${module}`;
}

export function archiverGroup(namespace: string): string {
  return `${namespace}.archiver`;
}

/** What a topic's name may hold besides its namespace: Kafka's own alphabet, and no longer than it allows. */
export const SOURCE_NAME = /^[A-Za-z0-9._-]{1,180}$/;
