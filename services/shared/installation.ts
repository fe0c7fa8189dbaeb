import type { TopicSpec } from './log/port.ts';
import { loadModules, type Module, sourcesOf } from './modules.ts';
import { eventsTopic, UNCLAIMED } from './topics.ts';

/** What is installed: its modules, and the sources and topics that follow from them. Every service derives the same. */
export interface Installation {
  readonly modules: readonly Module[];
  readonly sources: readonly string[];
  /** The topics of all sources, and the one of events that no source claims. */
  readonly topics: readonly TopicSpec[];
}

export interface InstallationConfig {
  readonly LECTERN_NAMESPACE: string;
  readonly LECTERN_PARTITIONS: number;
  readonly LECTERN_SOURCES: readonly string[];
  readonly LECTERN_MODULES: readonly string[];
}

/** Throws MODULE_INVALID or CONFIG_INVALID with every problem at once. */
export async function loadInstallation(config: InstallationConfig): Promise<Installation> {
  const { modules } = await loadModules({
    // The same step up from the sources and from what is compiled of them.
    reducersDir: new URL('../../reducers/', import.meta.url),
    extra: config.LECTERN_MODULES,
    cwd: process.cwd(),
  });
  const sources = sourcesOf(modules, config.LECTERN_SOURCES);
  const topics = [...sources, UNCLAIMED].map((source) => ({
    name: eventsTopic(config.LECTERN_NAMESPACE, source),
    partitions: config.LECTERN_PARTITIONS,
  }));
  return { modules, sources, topics };
}
