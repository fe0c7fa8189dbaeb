import type { Append, Appends } from './appends.ts';
import type { Group } from './http-batch.ts';
import { keptInTime } from './kept-in-time.ts';
import type { GatewayLimits } from './limits.ts';

/** What one request has on its way into the log. Every wait has an end: false when it was over first. */
export interface RequestAppends {
  /** Sends a group on, and waits until the request has room for another. False: it could not be kept. */
  add(group: Group): Promise<boolean>;
  /** True when everything is durable. */
  done(): Promise<boolean>;
  /** Nobody waits for it any more. */
  leave(): void;
}

/** So many groups of a request are on their way at most, however small they are. */
const MAX_APPENDS = 1_000;

interface Waiting {
  readonly append: Append;
  readonly sizeBytes: number;
  /** Those whose elements wait for it. */
  readonly groups: Group[];
}

export function createRequestAppends(
  appends: Pick<Appends, 'append' | 'isFull'>,
  limits: Pick<GatewayLimits, 'requestWindowBytes' | 'ackTimeoutMs'>,
): RequestAppends {
  const waiting: Waiting[] = [];
  const byAppend = new Map<Append, Waiting>();
  let bytes = 0;

  /** Waits for the oldest until no more than `maxBytes` and `maxAppends` are on their way. */
  async function shrink(maxBytes: number, maxAppends: number): Promise<boolean> {
    const deadline = performance.now() + limits.ackTimeoutMs;
    while (waiting.length > maxAppends || bytes > maxBytes) {
      const { append, sizeBytes, groups } = waiting[0]!;
      if (!(await keptInTime(append.kept, Math.max(0, deadline - performance.now())))) return false;
      waiting.shift();
      bytes -= sizeBytes;
      byAppend.delete(append);
      append.leave();
      for (const group of groups) group.over(append);
    }
    return true;
  }

  function wait(append: Append, group: Group, sizeBytes: number): void {
    const one = { append, sizeBytes, groups: [group] };
    byAppend.set(append, one);
    waiting.push(one);
    bytes += sizeBytes;
  }

  /** What an element shares with an earlier one of the same request is waited for once. */
  function join(append: Append, group: Group): void {
    const known = byAppend.get(append);
    if (known !== undefined) return void known.groups.push(group);
    append.join();
    wait(append, group, 0);
  }

  return {
    async add(group) {
      for (const append of group.joined) join(append, group);
      if (group.records.length > 0) {
        // What is full gets emptier by what this request has in it; only then a refusal is due.
        if (appends.isFull() && !(await shrink(0, 0))) return false;
        const append = appends.append(group.records);
        if (append === null) return false;
        wait(append, group, group.sizeBytes);
      }
      return await shrink(limits.requestWindowBytes, MAX_APPENDS);
    },
    done: () => shrink(0, 0),
    leave() {
      for (const { append } of waiting.splice(0)) append.leave();
      byAppend.clear();
      bytes = 0;
    },
  };
}
