import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Sorts any number of lines, most of them on disk. */
export interface SortedLines {
  add(line: string): Promise<void>;
  /** All of them, in the order of their bytes; once, after the last was added. */
  lines(): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** What is sorted in memory at a time. */
const RUN_BYTES = 32 * 1_048_576;
const CHUNK_BYTES = 65_536;
/** Of a line, before it. */
const LENGTH_BYTES = 4;

/** Lines of one run, one after another; a line may have any bytes. */
async function* readRun(file: FileHandle): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0);
  let at = 0;
  const fill = async (bytes: number): Promise<boolean> => {
    while (held.length < bytes) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return false;
      at += bytesRead;
      held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
    }
    return true;
  };
  while (await fill(LENGTH_BYTES)) {
    const length = LENGTH_BYTES + held.readUInt32BE(0);
    await fill(length);
    yield held.subarray(LENGTH_BYTES, length);
    held = held.subarray(length);
  }
}

async function* merge(runs: readonly AsyncGenerator<Buffer>[]): AsyncGenerator<Buffer> {
  const heads = await Promise.all(
    runs.map(async (run) => ({ run, line: (await run.next()).value as Buffer | undefined })),
  );
  for (;;) {
    let lowest: (typeof heads)[number] | null = null;
    for (const head of heads)
      if (head.line !== undefined && (lowest === null || head.line.compare(lowest.line!) < 0)) lowest = head;
    if (lowest === null) return;
    yield lowest.line!;
    lowest.line = (await lowest.run.next()).value as Buffer | undefined;
  }
}

/** Keeps what memory should not hold in a folder, which it makes, and removes when closed. */
export async function createSortedLines(folder: string, runBytes = RUN_BYTES): Promise<SortedLines> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let held: Buffer[] = [];
  let heldBytes = 0;
  const files: FileHandle[] = [];

  const sortHeld = (): readonly Buffer[] => {
    const sorted = held.sort(Buffer.compare);
    held = [];
    heldBytes = 0;
    return sorted;
  };
  const spill = async (): Promise<void> => {
    const file = await open(join(folder, String(files.length)), 'w+');
    files.push(file);
    const parts = sortHeld().flatMap((line) => {
      const length = Buffer.allocUnsafe(LENGTH_BYTES);
      length.writeUInt32BE(line.length);
      return [length, line];
    });
    await file.writeFile(Buffer.concat(parts));
  };

  return {
    async add(line) {
      const bytes = Buffer.from(line);
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= runBytes) await spill();
    },
    async *lines() {
      const last = sortHeld();
      async function* inMemory(): AsyncGenerator<Buffer> {
        yield* last;
      }
      yield* merge([...files.map(readRun), inMemory()]);
    },
    async close() {
      for (const file of files) await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
