import type { z } from 'zod';
import type { Installation } from '../shared/installation.ts';
import { type gatewayShape, identityOf, isOpenForTesting, originsOf } from './config.ts';
import type { GatewayDeps } from './gateway.ts';
import type { SharedCounts } from './rate.ts';
import { standardSendersOf } from './standard-senders.ts';
import { trafficOf } from './traffic-config.ts';

type GatewayConfig = Readonly<z.output<z.ZodObject<typeof gatewayShape>>>;

/** What a gateway is told by its configuration and by what is installed, whatever it runs on. */
export function settingsOf(
  config: GatewayConfig,
  { sources, typedSources }: Pick<Installation, 'sources' | 'typedSources'>,
  shared?: SharedCounts,
) {
  const traffic = trafficOf(config, shared);
  return {
    ...traffic,
    sources,
    typedSources,
    identity: identityOf(config),
    ltiSecret: config.LECTERN_LTI_SECRET,
    origins: originsOf(config),
    keepIp: config.LECTERN_KEEP_IP,
    limits: { ...traffic.limits, blobBytes: config.LECTERN_MAX_STATE_BYTES },
    stampRules: config.LECTERN_STAMP,
    standardSenders: standardSendersOf(config, isOpenForTesting(config)),
  } satisfies Partial<GatewayDeps>;
}
