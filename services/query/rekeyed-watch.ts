import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import { rekeyTopic } from '../shared/topics.ts';
import type { Positions } from './positions.ts';
import type { RekeyedStandings } from './rekeyed-standings.ts';

export interface RekeyedWatchDeps {
  readonly positions: Positions;
  readonly standings: RekeyedStandings;
  readonly modules: readonly Module[];
  readonly namespace: string;
  readonly logger: Logger;
  readonly everyMs: number;
}

/**
 * Looks at the rekeyed reducers' units from the start of the process on, whether or not somebody asks: a state that is
 * complete takes some looks to be known as such, and who asks once should not be told that it is being made.
 */
export function watchRekeyed(deps: RekeyedWatchDeps): { stop(): void } {
  const { positions, standings, namespace, logger } = deps;
  const modules = deps.modules.filter(({ rekeyed }) => rekeyed);

  async function look(module: Module): Promise<void> {
    const topic = rekeyTopic(namespace, module.id);
    const partitions = (await positions.partitionCount(module.id, topic)) ?? 0;
    const looks = Array.from({ length: partitions }, async (_, partition) => {
      const position = await positions.of({ module: module.id, topic, partition }, partitions);
      await standings.rebuilding(module, partition, position);
    });
    await Promise.all(looks);
  }

  let looking = false;
  async function lookAtAll(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      await Promise.all(modules.map(look));
    } catch (error) {
      logger.debug({ error: messageOf(error) }, 'how far rekeyed states are cannot be read');
    } finally {
      looking = false;
    }
  }

  if (modules.length === 0) return { stop: () => undefined };
  void lookAtAll();
  const timer = setInterval(() => void lookAtAll(), deps.everyMs);
  return { stop: () => clearInterval(timer) };
}
