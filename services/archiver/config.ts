import { commonShape, integer } from '../shared/config.ts';

const MIB = 1_048_576;

/** The variables that the archiver reads besides those of log and archive. */
export const archiverShape = {
  ...commonShape,
  LECTERN_PORT: integer(0, 65_535).default(8092),
  /** Records of one partition are put into an object when they have this many bytes, before compression. */
  LECTERN_ARCHIVE_MAX_BYTES: integer(65_536, 64 * MIB).default(16 * MIB),
  /** Or when the oldest of them has been waiting for this long. */
  LECTERN_ARCHIVE_MAX_AGE_MS: integer(1_000, 86_400_000).default(900_000),
  /** For the waiting records of all partitions together; encoding takes about as much again. */
  LECTERN_ARCHIVE_BUFFER_BYTES: integer(MIB, 65_536 * MIB).default(64 * MIB),
};
