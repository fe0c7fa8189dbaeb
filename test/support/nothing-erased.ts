import type { ArchiverDeps } from '../../services/archiver/archiver.ts';
import { NO_ERASURES } from '../../services/shared/erasing/erasures.ts';

/** What an archiver asks of what is decided, where nothing ever is. */
export const nothingErased: ArchiverDeps['control'] = {
  caughtUp: () => Promise.resolve(),
  erasures: NO_ERASURES,
};
