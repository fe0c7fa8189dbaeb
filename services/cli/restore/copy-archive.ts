import type { ArchiveStore } from '../../shared/archive/port.ts';
import { LecternError } from '../../shared/errors.ts';
import type { Progress } from '../progress.ts';

/** Events first: what is derived from them, and names them, is of no use without. */
const FOLDERS = ['events/', 'manifests/', 'control/'];

/** Copies an archive into another, object by object with their metadata; what is there already stays. */
export async function copyArchive(
  from: ArchiveStore,
  to: Pick<ArchiveStore, 'putIfAbsent' | 'metadata'>,
  progress: Pick<Progress, 'expect' | 'done'>,
): Promise<void> {
  for (const prefix of FOLDERS)
    for await (const page of from.list({ prefix })) {
      progress.expect(page.length);
      for (const { name } of page) {
        if ((await to.metadata(name)) === null) {
          const object = await from.get(name);
          if (object === null)
            throw new LecternError(
              'ARCHIVE_BROKEN',
              `the archive object ${name} is gone: give the command again`,
            );
          await to.putIfAbsent(name, object.bytes, object.metadata);
        }
        progress.done(1);
      }
    }
}
