/** The names of a namespace's topics and groups, all made here. */

export const UNCLAIMED = '_unclaimed';

export function eventsTopic(namespace: string, source: string): string {
  return `${namespace}.events.${source}`;
}

/** The source that an events topic carries. */
export function sourceOfTopic(namespace: string, topic: string): string {
  return topic.slice(`${namespace}.events.`.length);
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
