import type { Registry } from 'prom-client';
import { type Access, createAccess } from '../../services/gateway/access.ts';
import { systemClock } from '../../services/shared/clock.ts';

/** Control whose topic was read and is empty. */
const NOTHING_DECIDED = {
  caughtUp: async () => undefined,
  watch: () => () => undefined,
  apiKeys: new Map(),
  blocks: new Map(),
};

/** Nobody has a key, and nobody is blocked. */
export function openAccess(registry: Registry): Access {
  const access = createAccess({
    control: NOTHING_DECIDED,
    requireKey: false,
    checkToken: null,
    clock: systemClock,
    registry,
  });
  access.start();
  return access;
}
