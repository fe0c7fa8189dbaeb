import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A file in a data directory for as long as it is being restored. */
export const restoringMark = (dataDir: string): string => join(dataDir, 'restoring');

/** Why nothing may run on a data directory, with the remedy; null when it may. */
export function unfinishedRestore(dataDir: string): string | null {
  return existsSync(restoringMark(dataDir))
    ? `LECTERN_DATA_DIR: ${dataDir} was not restored to the end: give \`lectern restore\` again, as before`
    : null;
}
