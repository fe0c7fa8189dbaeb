import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import { archiverGroup, sourceOfTopic } from '../shared/topics.ts';
import type { SourceBacklog } from './metrics.ts';
import type { PartitionArchiver } from './partition.ts';
import { createRetention } from './retention.ts';
import { createWaitingRecords } from './waiting-records.ts';

export interface LookoutDeps {
  readonly log: EventLog;
  readonly namespace: string;
  /** All that this archiver is to archive; there may come more. */
  readonly topics: () => readonly string[];
  /** Those that are assigned now. */
  readonly partitions: () => readonly PartitionArchiver[];
  readonly now: () => number;
  readonly logger: Logger;
}

/** How far the archive is behind the log, as far as this archiver has to do with it. */
export interface Lookout {
  /**
   * Asks the log, and says once when a topic falls too far behind, and once when it no longer is. A second call while one
   * runs is that one; never rejects.
   */
  look(): Promise<void>;
  /** One for each topic, in their order. */
  backlog(): readonly SourceBacklog[];
  /** A line for each topic that is too far behind. */
  alarms(): readonly string[];
}

/** Of what the log keeps: further behind, records may be lost before anybody has looked into it. */
const SHARE_OF_RETENTION = 0.1;

const hours = (seconds: number): string => `${(seconds / 3_600).toFixed(1)} h`;

export function createLookout(deps: LookoutDeps): Lookout {
  const { log, namespace, now, logger } = deps;
  const waiting = createWaitingRecords({ log, group: archiverGroup(namespace), logger });
  const retention = createRetention({ log, now, logger });
  const alarmed = new Set<string>();
  let looking: Promise<void> | null = null;

  const backlogOf = (topic: string): SourceBacklog => {
    const own = deps.partitions().filter(({ of }) => of.topic === topic);
    const retentionMs = retention.of(topic);
    const ages = own.flatMap((one) => {
      const oldest = waiting.oldest(one);
      return oldest === undefined ? [] : [oldest === null ? 0 : Math.max(0, now() - oldest) / 1_000];
    });
    const mostSeconds =
      retentionMs === null ? Number.POSITIVE_INFINITY : (retentionMs * SHARE_OF_RETENTION) / 1_000;
    return {
      source: sourceOfTopic(namespace, topic),
      assignedPartitions: own.length,
      stoppedPartitions: own.filter(({ stopped }) => stopped).length,
      oldestUnarchivedSeconds: ages.length === 0 ? null : Math.max(...ages),
      retentionSeconds: retentionMs === null ? null : retentionMs / 1_000,
      endangeredPartitions: ages.filter((seconds) => seconds > mostSeconds).length,
    };
  };

  const tell = (topic: string): void => {
    const { source, endangeredPartitions, oldestUnarchivedSeconds, retentionSeconds } = backlogOf(topic);
    const isBehind = endangeredPartitions > 0;
    if (isBehind === alarmed.has(topic)) return;
    const place = { topic, source, partitions: endangeredPartitions };
    if (isBehind) {
      alarmed.add(topic);
      logger.error(
        { ...place, oldestUnarchivedSeconds, retentionSeconds },
        'the archive of a topic is further behind than a tenth of what the log keeps: records may be lost',
      );
    } else {
      alarmed.delete(topic);
      logger.info(place, 'the archive of a topic is no longer too far behind');
    }
  };

  const lookOnce = async (): Promise<void> => {
    const partitions = deps.partitions();
    await waiting.look(partitions);
    await retention.look(new Set(partitions.map(({ of }) => of.topic)));
    for (const topic of deps.topics()) tell(topic);
  };

  return {
    look() {
      looking ??= lookOnce().finally(() => {
        looking = null;
      });
      return looking;
    },
    backlog: () => deps.topics().map(backlogOf),
    alarms: () =>
      deps.topics().flatMap((topic) => {
        const { endangeredPartitions, oldestUnarchivedSeconds, retentionSeconds } = backlogOf(topic);
        if (endangeredPartitions === 0) return [];
        return [
          `the archive of ${topic} is ${hours(oldestUnarchivedSeconds!)} behind, of the ${hours(retentionSeconds!)} that the log keeps: ` +
            'see in the log of the archiver what it waits for, or raise retention.ms of the topic, before records are lost',
        ];
      }),
  };
}
