import { z } from 'zod';
import { integer } from '../shared/config.ts';
import type { GatewayDeps } from './gateway.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Rate, SharedCounts } from './rate.ts';

const RATE = /^(\d{1,7})(?:\/(\d{1,4}))?$/;
const RATE_MESSAGE =
  'must be the events of one second, such as 50, or of several, such as 500/10, all of which may come at once; 0 for no limit';

/** `<events>` or `<events>/<seconds>`; undefined for no limit. */
const rate = z
  .string()
  .regex(RATE, RATE_MESSAGE)
  .transform((text): Rate => {
    const [, events, seconds = '1'] = RATE.exec(text)!;
    return { events: Number(events), seconds: Number(seconds) };
  })
  .refine(({ seconds }) => seconds > 0 && seconds <= 3_600, `${RATE_MESSAGE}; at most 3600 seconds`)
  .transform((parsed) => (parsed.events === 0 ? undefined : parsed))
  .optional();

/** The variables for how much may come in, and from whom. */
export const trafficShape = {
  LECTERN_RATE_PER_IDENTITY: rate,
  /** Off by default: a whole school may be behind one address. */
  LECTERN_RATE_PER_ADDRESS: rate,
  LECTERN_CONNECTIONS_PER_ADDRESS: integer(1, 1_000_000).default(DEFAULT_LIMITS.connectionsPerAddress),
  /** Proxies in front of the gateway: what they say in X-Forwarded-For and X-Forwarded-Proto is believed. */
  LECTERN_PROXIES: integer(0, 10).default(0),
};

export type TrafficVariables = z.output<z.ZodObject<typeof trafficShape>>;

export function trafficOf(
  config: TrafficVariables,
  shared?: SharedCounts,
): Pick<GatewayDeps, 'rates' | 'proxies' | 'limits'> {
  return {
    rates: {
      perIdentity: config.LECTERN_RATE_PER_IDENTITY,
      perAddress: config.LECTERN_RATE_PER_ADDRESS,
      shared,
    },
    proxies: config.LECTERN_PROXIES,
    limits: { connectionsPerAddress: config.LECTERN_CONNECTIONS_PER_ADDRESS },
  };
}
