import type { ClientType } from './client-schema.ts';
import type { TopicSpec } from './log/port.ts';
import type { Module } from './module.ts';
import { loadModules, sourcesOf } from './modules.ts';
import { loadSourceTypes } from './source-schemas.ts';
import {
  BLOBS,
  controlTopic,
  deadLettersTopic,
  eventsTopic,
  rekeyTopic,
  STANDARD_SOURCES,
  UNCLAIMED,
} from './topics.ts';

/** What is installed: its modules, and the sources and topics that follow from them. Every service derives the same. */
export interface Installation {
  readonly modules: readonly Module[];
  readonly sources: readonly string[];
  /** What events of a source must look like, for the sources that have a schema. */
  readonly typedSources: ReadonlyMap<string, ClientType>;
  /** Every topic of the namespace. */
  readonly topics: readonly TopicSpec[];
  /** The names of those whose records are kept for ever: all from which states can be built again. */
  readonly archivedTopics: readonly string[];
}

export interface InstallationConfig {
  readonly LECTERN_NAMESPACE: string;
  readonly LECTERN_PARTITIONS: number;
  readonly LECTERN_SOURCES: readonly string[];
  readonly LECTERN_MODULES: readonly string[];
}

export interface TopicsOptions {
  readonly namespace: string;
  readonly partitions: number;
  readonly sources: readonly string[];
  /** The ids of the modules that get events under other keys than the students'. */
  readonly rekeyed: readonly string[];
}

/** The topics of a namespace: its history, and what is a copy of something else. */
export function topicsOf({ namespace, partitions, sources, rekeyed }: TopicsOptions): {
  readonly archived: readonly TopicSpec[];
  readonly copies: readonly TopicSpec[];
} {
  return {
    archived: [
      ...[...sources, BLOBS, UNCLAIMED].map((source) => ({
        name: eventsTopic(namespace, source),
        partitions,
      })),
      ...rekeyed.map((module) => ({ name: rekeyTopic(namespace, module), partitions })),
      { name: controlTopic(namespace), partitions: 1 },
    ],
    // One partition: few letters, which a person reads in the order in which they came.
    copies: [{ name: deadLettersTopic(namespace), partitions: 1 }],
  };
}

/** Throws MODULE_INVALID or CONFIG_INVALID with every problem at once. */
export async function loadInstallation(config: InstallationConfig): Promise<Installation> {
  const { modules } = await loadModules({
    // The same step up from the sources and from what is compiled of them.
    reducersDir: new URL('../../reducers/', import.meta.url),
    extra: config.LECTERN_MODULES,
    cwd: process.cwd(),
  });
  const sources = sourcesOf(modules, [...config.LECTERN_SOURCES, ...STANDARD_SOURCES]);
  const { archived, copies } = topicsOf({
    namespace: config.LECTERN_NAMESPACE,
    partitions: config.LECTERN_PARTITIONS,
    sources,
    rekeyed: modules.filter(({ rekeyed }) => rekeyed).map(({ id }) => id),
  });
  return {
    modules,
    sources,
    typedSources: loadSourceTypes(),
    topics: [...archived, ...copies],
    archivedTopics: archived.map(({ name }) => name),
  };
}
