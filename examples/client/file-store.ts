import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { lockDirectory } from '../../services/shared/embedded-lock.ts';
import { LecternError } from '../../services/shared/errors.ts';
import { ClientError } from './client-error.ts';
import type { EventStore, StoredEvent } from './event-store.ts';
import { createJournal } from './journal.ts';
import {
  addLine,
  headLine,
  readJournal,
  removeLine,
  removeThroughLine,
  reserveLine,
} from './journal-lines.ts';

export interface FileStoreOptions {
  /** Made when it is not there. One file in it for each sender. */
  readonly dir: string;
  /**
   * False: an event is stored when the operating system has it, so it survives the death of the process (kill -9), and a
   * power failure may lose the last seconds of events. True: `send` waits until the disk has it.
   */
  readonly sync?: boolean;
  /** A file is written anew when it has more than this, and more than half is no longer needed: 1,048,576. */
  readonly compactBytes?: number;
}

/** For a predecessor that is ending. */
const LOCK_WAIT_MS = 2_000;

async function lock(path: string): Promise<{ release(): Promise<void> }> {
  try {
    return await lockDirectory(path, LOCK_WAIT_MS);
  } catch (error) {
    if (error instanceof LecternError && error.code === 'DATA_DIR_IN_USE')
      throw new ClientError('IN_USE', `another client uses ${path}: close it, or give this one its own dir`);
    throw error;
  }
}

/**
 * Keeps events in files, for Node: one line is appended for every event and every acknowledgement, and the file is
 * written anew when most of it is no longer needed. What a crash left half-written is left out.
 */
export function createFileStore(options: FileStoreOptions): EventStore {
  const { sync = false, compactBytes = 1_048_576 } = options;

  return {
    async open(owner) {
      await mkdir(options.dir, { recursive: true });
      const name = createHash('sha256').update(owner).digest('hex').slice(0, 32);
      const path = join(await realpath(options.dir), `${name}.jsonl`);
      const { release } = await lock(path);
      try {
        const found = await readJournal(path);
        const session = found.session ?? v7();
        const live = new Map(found.events.map((event) => [event.sequence, event] as const));
        let { reserved } = found;
        const journal = await createJournal({
          path,
          compactBytes,
          *lines() {
            yield headLine(session, reserved);
            for (const event of live.values()) yield addLine(event);
          },
        });
        return {
          session,
          reserved,
          events: [...live.values()],
          damaged: found.damaged,
          reserve: (through) =>
            journal.append(reserveLine(through), true, () => {
              reserved = through;
            }),
          add: (event: StoredEvent) =>
            journal.append(addLine(event), sync, () => void live.set(event.sequence, event)),
          remove: (sequence) => journal.append(removeLine(sequence), false, () => void live.delete(sequence)),
          removeThrough: (sequence) =>
            journal.append(removeThroughLine(sequence), false, () => {
              for (const number of live.keys()) {
                if (number > sequence) break;
                live.delete(number);
              }
            }),
          async close() {
            await journal.close();
            await release();
          },
        };
      } catch (error) {
        await release();
        throw error;
      }
    },
  };
}
