import type { SourceClaim } from './claim-record.ts';

/** Which sources were claimed, as far as the topic was read: a part of what is decided. */
export interface DecidedClaims {
  /** By source. */
  readonly claims: ReadonlyMap<string, SourceClaim>;
  /** Why a record must not be published, with the remedy; null when it may. */
  refusal(record: SourceClaim): string | null;
  take(record: SourceClaim): void;
  restore(claims: readonly SourceClaim[]): void;
}

/** Each has a topic of its own, of which a cluster has some thousands at most. */
const MOST_CLAIMS = 1_000;

/**
 * What is copied stays copied, and whoever switched is not switched back: so a record that comes late, of a command that
 * stood still while another one went on, takes nothing back.
 */
function joined(one: SourceClaim, other: SourceClaim): SourceClaim {
  const longer = one.copied.length < other.copied.length ? other.copied : one.copied;
  return {
    ...other,
    copied: longer.map((_, partition) => Math.max(one.copied[partition] ?? 0, other.copied[partition] ?? 0)),
    switched: one.switched || other.switched,
  };
}

export function createDecidedClaims(most = MOST_CLAIMS): DecidedClaims {
  const claims = new Map<string, SourceClaim>();
  return {
    claims,
    refusal({ source }) {
      if (claims.has(source) || claims.size < most) return null;
      return `${claims.size} sources are claimed, and there can be no more: name those that are used in LECTERN_SOURCES of every service, and leave the others unclaimed`;
    },
    take(record) {
      const standing = claims.get(record.source);
      claims.set(record.source, standing === undefined ? record : joined(standing, record));
    },
    restore(given) {
      for (const claim of given) claims.set(claim.source, claim);
    },
  };
}
