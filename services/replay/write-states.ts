import { type FileHandle, open, rename } from 'node:fs/promises';
import type { ModuleReducer } from '../shared/module.ts';
import type { StateStore, Unit } from '../shared/state/port.ts';
import { createSortedLines } from './sorted-lines.ts';
import { stateLines } from './state-lines.ts';

export interface WriteStatesDeps {
  readonly state: Pick<StateStore, 'entries' | 'readMany'>;
  /** Whose states are wanted. */
  readonly reducers: readonly ModuleReducer[];
  readonly units: readonly Unit[];
  /** For what is sorted; made, and removed. */
  readonly folder: string;
}

const WRITE_BYTES = 1_048_576;

async function writeLines(file: FileHandle, lines: AsyncIterable<Buffer>): Promise<number> {
  const newline = Buffer.from('\n');
  let count = 0;
  let parts: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await file.writeFile(Buffer.concat(parts));
    parts = [];
    bytes = 0;
  };
  for await (const line of lines) {
    parts.push(line, newline);
    bytes += line.length + 1;
    count += 1;
    if (bytes >= WRITE_BYTES) await flush();
  }
  await flush();
  return count;
}

/**
 * Writes the states of all units, one line each, in the order of the lines' bytes, so that of equal states the files are
 * equal. The file is there as a whole or not at all. Resolves to how many there are.
 */
export async function writeStates(deps: WriteStatesDeps, path: string): Promise<number> {
  const sorted = await createSortedLines(deps.folder);
  try {
    for (const unit of deps.units) for await (const line of stateLines(deps, unit)) await sorted.add(line);
    const partial = `${path}.partial`;
    const file = await open(partial, 'w');
    try {
      const count = await writeLines(file, sorted.lines());
      await file.sync();
      await rename(partial, path);
      return count;
    } finally {
      await file.close();
    }
  } finally {
    await sorted.close();
  }
}
