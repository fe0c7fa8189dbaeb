import { z } from 'zod';

/** Records of the control topic that say which version of a module is the one that is shown. */

const MAX_BECAUSE = 500;

/** As `VERSION` of a module. */
const version = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const because = z.string().transform((given) => given.slice(0, MAX_BECAUSE));
const moduleName = z.string().min(1).max(300);

/**
 * From here on this version of a module is shown. It counts only when nobody decided otherwise since whoever wrote it
 * looked, and a worker's only upwards and while it may: so of several that decide at once, one does.
 */
export const activeVersion = z.object({
  kind: z.literal('active-version'),
  /** The module's NAME. */
  module: moduleName,
  version,
  /** How many decisions on the module counted before, as far as its writer knew; 0 for none. */
  follows: count,
  /** Whether a person decided it. */
  person: z.boolean(),
  /** Whether a higher version takes over by itself after this. */
  auto: z.boolean(),
  because,
});

/** The decision that holds on a module. */
export const standingVersion = z.object({
  /** The module's NAME. */
  module: moduleName,
  version,
  /** The version that was shown before; null for none. */
  previous: version.nullable(),
  /** How many decisions counted, with this one. */
  decisions: count.min(1),
  auto: z.boolean(),
  because,
});

export type ActiveVersion = Readonly<z.output<typeof activeVersion>>;
export type StandingVersion = Readonly<z.output<typeof standingVersion>>;
