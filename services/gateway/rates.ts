import type { Logger } from '../shared/logger.ts';
import { createRateLimit, type Rate, type RateLimit, type SharedCounts } from './rate.ts';

/** Who sends, as far as it is known: an address, and, once there is one, an identity. */
export interface CountedSender {
  /** Null: not asked for. */
  readonly address: string | null;
  readonly key: string | null;
}

/** How much a sender may send, by its address and by its identity. */
export interface Rates {
  /** Nobody ever has to wait. */
  readonly unlimited: boolean;
  /** What came in, whatever becomes of it. */
  countAddress(address: string, elements: number): void;
  /** Events of one learner that go on. */
  countIdentity(key: string, events: number): void;
  /** Milliseconds until the sender may go on; 0: now. */
  waitMs(sender: CountedSender): number;
}

export interface RatesConfig {
  /** Undefined: as much as the log takes. */
  readonly perIdentity?: Rate | undefined;
  readonly perAddress?: Rate | undefined;
  readonly shared?: SharedCounts | undefined;
}

/** Several times as many as one gateway has sockets. */
const MAX_NAMES = 50_000;

const UNLIMITED: RateLimit = { count: () => undefined, waitMs: () => 0 };

export function createRates(
  config: RatesConfig,
  deps: { readonly logger: Logger; readonly clockMs: () => number },
): Rates {
  const limitOf = (kind: string, rate: Rate | undefined): RateLimit =>
    rate === undefined
      ? UNLIMITED
      : createRateLimit({ ...deps, rate, kind, shared: config.shared, maxNames: MAX_NAMES });
  const addresses = limitOf('address', config.perAddress);
  const identities = limitOf('identity', config.perIdentity);
  return {
    unlimited: addresses === UNLIMITED && identities === UNLIMITED,
    countAddress: addresses.count,
    countIdentity: identities.count,
    waitMs: ({ address, key }) =>
      Math.max(address === null ? 0 : addresses.waitMs(address), key === null ? 0 : identities.waitMs(key)),
  };
}
