import { type ApiKey, type Block, blockName, type Unblock } from './access-record.ts';
import { createStanding } from './standing.ts';

/** Who may send, as far as the topic was read: a part of what is decided. */
export interface DecidedAccess {
  /** By id; those that were revoked or have expired, too. */
  readonly apiKeys: ReadonlyMap<string, ApiKey>;
  /** By `blockName`; those that have ended, too. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** Why a record must not be published, with the remedy; null when it may. */
  refusal(record: ApiKey | Block | Unblock): string | null;
  take(record: ApiKey | Block | Unblock): void;
  restore(decisions: { readonly apiKeys: readonly ApiKey[]; readonly blocks: readonly Block[] }): void;
}

export interface AccessLimits {
  readonly apiKeys: number;
  readonly blocks: number;
}

/** At most about 20 MiB, and 15 MiB, when each is as long as it may be. */
const ACCESS_LIMITS: AccessLimits = { apiKeys: 2_000, blocks: 10_000 };

export function createDecidedAccess(limits: AccessLimits = ACCESS_LIMITS): DecidedAccess {
  const keys = createStanding<ApiKey>({
    most: limits.apiKeys,
    isOver: ({ revoked, expires }, newcomer) =>
      revoked !== null || (expires !== null && expires <= newcomer.created),
  });
  const blocks = createStanding<Block>({
    most: limits.blocks,
    isOver: ({ until }, newcomer) => until !== null && until <= newcomer.created,
  });

  /** A key never changes, but for being revoked, once and for good. */
  const takeKey = (key: ApiKey): void => {
    const standing = keys.values.get(key.id);
    if (standing === undefined) keys.put(key.id, key);
    else if (key.revoked !== null && standing.revoked === null)
      keys.put(key.id, { ...standing, revoked: key.revoked });
  };

  return {
    apiKeys: keys.values,
    blocks: blocks.values,
    refusal(record) {
      if (record.kind === 'api-key' && record.revoked === null && !keys.hasRoom(record.id, record))
        return `${keys.values.size} API keys are valid, and there can be no more: revoke one that is not used (lectern keys list, lectern keys revoke <id>)`;
      if (record.kind === 'block' && !blocks.hasRoom(blockName(record), record))
        return `${blocks.values.size} blocks stand, and there can be no more: remove one (lectern blocklist list, lectern blocklist remove)`;
      return null;
    },
    take(record) {
      if (record.kind === 'api-key') takeKey(record);
      else if (record.kind === 'block') blocks.put(blockName(record), record);
      else blocks.delete(blockName(record));
    },
    restore(decisions) {
      keys.restore(decisions.apiKeys.map((key) => [key.id, key]));
      blocks.restore(decisions.blocks.map((block) => [blockName(block), block]));
    },
  };
}
