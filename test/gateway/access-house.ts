import type { Registry } from 'prom-client';
import { type Access, type AccessDeps, createAccess } from '../../services/gateway/access.ts';
import { newKey } from '../../services/shared/access-key.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { type ApiKey, type Block, blockName } from '../../services/shared/control/access-record.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { apiKey, block } from '../shared/control-house.ts';

/** What the control topic says, for tests of who may send, changed at will. */
export interface Decisions {
  /** For `startGateway`. */
  readonly access: (registry: Registry) => Access;
  /** A new key's text. */
  addKey(fields?: Partial<ApiKey>): string;
  revoke(key: string): void;
  block(fields: Partial<Block>): void;
  unblock(fields: Pick<Block, 'subject' | 'value'>): void;
}

export interface DecisionsOptions extends Partial<Pick<AccessDeps, 'requireKey' | 'checkToken' | 'clock'>> {
  /** Settles when the control topic has been read. */
  readonly caughtUp?: () => Promise<void>;
}

export function createDecisions(options: DecisionsOptions = {}): Decisions {
  const apiKeys = new Map<string, ApiKey>();
  const blocks = new Map<string, Block>();
  const listeners = new Set<(record: ControlRecord) => void>();
  const tell = (record: ControlRecord): void => {
    for (const listener of listeners) listener(record);
  };
  const put = (key: ApiKey): void => {
    apiKeys.set(key.id, key);
    tell(key);
  };
  return {
    access(registry) {
      const access = createAccess({
        control: {
          caughtUp: options.caughtUp ?? (async () => undefined),
          apiKeys,
          blocks,
          watch(listener) {
            listeners.add(listener);
            return () => void listeners.delete(listener);
          },
        },
        requireKey: options.requireKey ?? false,
        checkToken: options.checkToken ?? null,
        clock: options.clock ?? systemClock,
        registry,
      });
      access.start();
      return access;
    },
    addKey(fields = {}) {
      const { id, key, hash } = newKey();
      put(apiKey({ id, hash, ...fields }));
      return key;
    },
    revoke(key) {
      const found = apiKeys.get(key.split('_')[1]!)!;
      put({ ...found, revoked: 1 });
    },
    block(fields) {
      const record = block(fields);
      blocks.set(blockName(record), record);
      tell(record);
    },
    unblock(of) {
      blocks.delete(blockName(of));
      tell({ kind: 'unblock', ...of });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { readonly results?: readonly Record<string, unknown>[] };
}

export async function post(
  url: string,
  frames: readonly object[],
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(frames),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
