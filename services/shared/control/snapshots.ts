import type { ArchiveStore } from '../archive/port.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { decodeSnapshot, encodeSnapshot, SNAPSHOT_FORMAT, type Snapshot } from './snapshot.ts';

export interface SnapshotsDeps {
  readonly archive: Pick<ArchiveStore, 'putIfAbsent' | 'get' | 'list' | 'delete'>;
  readonly topic: string;
  readonly logger: Logger;
}

/** The snapshots of a control topic, which lie in the archive. They can all be made again out of the topic. */
export interface Snapshots {
  /** The newest that can be read; null when there is none. Rejects when the archive does not answer. */
  newest(): Promise<Snapshot | null>;
  /** The position of the newest, without reading it; 0 when there is none. */
  newestPosition(): Promise<number>;
  /** Keeps a snapshot, and few of those before it. */
  put(snapshot: Snapshot): Promise<void>;
}

/** One is enough; whoever reads an older one at the moment may finish, and a broken one is stood in for. */
const KEPT = 3;
/** What the archive takes in one object. */
const MAX_BYTES = 64 * 1_048_576;

/** Named `control/<topic>/<format>/<position, 20 digits>.gz`: the order of the names is that of the positions. */
export function createSnapshots({ archive, topic, logger }: SnapshotsDeps): Snapshots {
  const prefix = `control/${topic}/${SNAPSHOT_FORMAT}/`;
  const nameAt = (position: number): string => `${prefix}${String(position).padStart(20, '0')}.gz`;
  const positionOf = (name: string): number => Number(name.slice(prefix.length).split('.', 1)[0]);

  /** In their order. Few are ever kept. */
  const names = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const page of archive.list({ prefix }))
      found.push(...page.map(({ name }) => name).filter((name) => /\/\d{20}\.gz$/.test(name)));
    return found;
  };

  return {
    async newest() {
      for (const name of [...(await names())].reverse()) {
        const object = await archive.get(name);
        if (object === null) continue;
        const snapshot = await decodeSnapshot(object.bytes, (reason) =>
          logger.warn({ name, reason }, 'a snapshot of the control topic cannot be read, and is passed over'),
        );
        if (snapshot !== null) return snapshot;
      }
      return null;
    },
    async newestPosition() {
      const last = (await names()).at(-1);
      return last === undefined ? 0 : positionOf(last);
    },
    async put(snapshot) {
      const bytes = await encodeSnapshot(snapshot);
      if (bytes.length > MAX_BYTES) throw new Error(`it has ${bytes.length} bytes, ${MAX_BYTES} at most`);
      await archive.putIfAbsent(nameAt(snapshot.position), bytes, {});
      for (const name of (await names()).slice(0, -KEPT))
        await archive.delete(name).catch((error: unknown) =>
          // One more than needed does no harm, and the next one tries again.
          logger.debug({ name, error: messageOf(error) }, 'an old snapshot cannot be removed yet'),
        );
    },
  };
}
