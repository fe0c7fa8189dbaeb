import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file of lines that is only ever appended to, or replaced as a whole. */
export interface Journal {
  /**
   * Appends a line; after those before it. `apply` is called when it is written (and, with `sync`, on the disk), before
   * the promise resolves. Rejects, `apply` not called, when it could not be written.
   */
  append(line: string, sync: boolean, apply: () => void): Promise<void>;
  /** Waits for what was appended. */
  close(): Promise<void>;
}

export interface JournalDeps {
  readonly path: string;
  /** A file that has less is never written anew. */
  readonly compactBytes: number;
  /** All that the file has to say as it stands. */
  readonly lines: () => Iterable<string>;
}

interface Step {
  readonly line: string;
  readonly sync: boolean;
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing.
  if (process.platform === 'win32') return;
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}

/** Writes the file anew first, so what a crash left half-written is gone before anything is appended to it. */
export async function createJournal({ path, compactBytes, lines }: JournalDeps): Promise<Journal> {
  let file: FileHandle | undefined;
  let bytes = 0;
  /** From here on it is worth writing the file anew: it may have doubled, so that costs only a part of the writing. */
  let worthBytes = 0;
  let steps: Step[] = [];
  let running: Promise<void> | undefined;
  /** The last write failed, perhaps halfway through a line. */
  let isTorn = false;

  async function writeAnew(): Promise<void> {
    const text = `${[...lines()].join('\n')}\n`;
    const aside = `${path}.new`;
    const fresh = await open(aside, 'w', 0o600);
    try {
      await fresh.writeFile(text);
      await fresh.datasync();
      await rename(aside, path);
    } catch (error) {
      await fresh.close();
      throw error;
    }
    await file?.close();
    file = fresh;
    isTorn = false;
    bytes = Buffer.byteLength(text);
    worthBytes = Math.max(compactBytes, 2 * bytes);
    await syncDirectory(path);
  }

  async function write(batch: readonly Step[]): Promise<void> {
    const text = `${isTorn ? '\n' : ''}${batch.map(({ line }) => line).join('\n')}\n`;
    isTorn = true;
    await file!.appendFile(text);
    if (batch.some(({ sync }) => sync)) await file!.datasync();
    isTorn = false;
    bytes += Buffer.byteLength(text);
  }

  async function settle(batch: readonly Step[]): Promise<void> {
    try {
      await write(batch);
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
      return;
    }
    for (const { apply } of batch) apply();
    // The file as it is holds everything, so this may as well succeed another time.
    if (bytes > worthBytes)
      await writeAnew().catch(() => {
        worthBytes = 2 * bytes;
      });
    for (const { resolve } of batch) resolve();
  }

  async function run(): Promise<void> {
    while (steps.length > 0) {
      const batch = steps;
      steps = [];
      await settle(batch);
    }
    running = undefined;
  }

  await writeAnew();
  return {
    append: (line, sync, apply) =>
      new Promise((resolve, reject) => {
        steps.push({ line, sync, apply, resolve, reject });
        running ??= run();
      }),
    async close() {
      await running;
      await file?.close();
    },
  };
}
