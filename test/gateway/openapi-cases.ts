import type { Access } from '../../services/gateway/access.ts';
import { createDecisions } from './access-house.ts';
import { openAccess } from './open-access.ts';
import { ask, type RawAnswer, type RawRequest } from './raw-request.ts';
import type { StandardGateway, StandardHouse, StandardOptions } from './standard-support.ts';

/** How to bring a gateway to one answer of those that are documented. */
export interface Case {
  /** `post /v1/events`. */
  readonly operation: string;
  readonly status: number;
  readonly name: string;
  readonly options?: () => StandardOptions;
  /** Before the request. */
  readonly prepare?: (gateway: StandardGateway) => unknown;
  /** What differs from a good request. */
  readonly request?: Partial<RawRequest>;
}

export async function provoke(one: Case, good: RawRequest, house: StandardHouse): Promise<RawAnswer> {
  const gateway = await house.start(one.options?.());
  await one.prepare?.(gateway);
  const headers = { ...good.headers, ...one.request?.headers };
  return ask(gateway.url, { ...good, ...one.request, headers });
}

const SCHOOL = 'https://school.example';

/** A page that may not send. */
export const OTHER_PAGE = {
  options: (): StandardOptions => ({ origins: new Set([SCHOOL]) }),
  request: { headers: { origin: 'https://other.example' } },
};

const bearerOf = (token: string): Partial<RawRequest> => ({
  headers: { authorization: `Bearer ${token}` },
});

const KEY = `lct_${'0'.repeat(12)}_${'0'.repeat(64)}`;

/** A key, while nobody knows yet which are good. */
export const KEYS_UNREAD = {
  options: (): StandardOptions => ({
    access: createDecisions({ caughtUp: () => new Promise(() => undefined) }).access,
  }),
  request: bearerOf(KEY),
};

export const UNKNOWN_KEY = { request: bearerOf(KEY) };

/** A key that is good, but for nothing that is sent. */
export function keyForNothing(): Pick<Case, 'options' | 'request'> {
  const decisions = createDecisions();
  const key = decisions.addKey({ sources: ['nothing'] });
  return { options: () => ({ access: decisions.access }), request: bearerOf(key) };
}

export const blocked = (source: string): StandardOptions => {
  const decisions = createDecisions();
  decisions.block({ subject: 'source', value: source });
  return { access: decisions.access };
};

const fails = (): never => {
  throw new Error('broken on purpose');
};

/** A fault of ours, in finding out who sends. */
export const BROKEN = {
  options: (): StandardOptions => ({
    access: (registry): Access => ({ ...openAccess(registry), check: fails, pass: fails }),
  }),
};

export const STOPPED = { prepare: ({ gateway }: StandardGateway): unknown => gateway.stop() };
