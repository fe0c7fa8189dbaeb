import type { Registry } from 'prom-client';
import { systemClock } from '../shared/clock.ts';
import type { Lifecycle } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { type Access, type AccessDeps, createAccess } from './access.ts';
import { type AccessVariables, tokenSettingsOf } from './access-config.ts';
import { createTokenCheck } from './token-check.ts';

export interface OpenAccessDeps {
  readonly control: AccessDeps['control'];
  readonly logger: Logger;
  readonly registry: Registry;
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
}

/** Who may send, as a configuration has it. Not started; ends with the process. */
export function openAccess(config: AccessVariables, deps: OpenAccessDeps): Access {
  const tokens = tokenSettingsOf(config);
  const access = createAccess({
    control: deps.control,
    requireKey: config.LECTERN_REQUIRE_KEY === true,
    checkToken: tokens && createTokenCheck(tokens, deps),
    clock: systemClock,
    registry: deps.registry,
  });
  deps.lifecycle.onStop('access', () => access.stop());
  return access;
}
