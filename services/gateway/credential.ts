/** Says who may send, for which sources; not who the learner is. */
export interface KeyCredential {
  readonly kind: 'api-key';
  readonly id: string;
  /** Null is all. */
  readonly sources: ReadonlySet<string> | null;
  /** Whether its holder is believed who a learner is. */
  readonly vouches: boolean;
  /** Milliseconds since 1970; null is never. */
  readonly expiresAt: number | null;
}

/** What a request or an upgrade proved of its sender, before anything that it sends is looked at. */
export type Credential =
  | { readonly kind: 'none' }
  | KeyCredential
  | {
      /** A token of the school's own sign-in, which says who the learner is. */
      readonly kind: 'jwt';
      readonly userId: string;
      readonly expiresAt: number;
    };

/** Why a sender is not let in: 401 when its credential is at fault, 503 when that cannot be told now. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: 401 | 503;
  /** For the sender; never holds what it gave. */
  readonly reason: string;
}

export type Checked = Credential | Refused;

export const NO_CREDENTIAL: Credential = { kind: 'none' };

export function refused(status: Refused['status'], reason: string): Refused {
  return { kind: 'refused', status, reason };
}

/** Whether the sender is a program that speaks for many learners, and names one in each event. */
export function vouches(credential: Credential): boolean {
  return credential.kind === 'api-key' && credential.vouches;
}
