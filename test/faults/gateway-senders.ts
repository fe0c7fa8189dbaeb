import assert from 'node:assert/strict';
import { waitFor } from '../support/wait.ts';
import { startAckingSender } from './acking-sender.ts';
import { createDuplicates } from './duplicates.ts';
import type { ClientFields } from './fold.ts';
import type { Partitions } from './fold-shared.ts';
import { type GatewaySender, keyOfUser, numberOf } from './gateway-sender.ts';
import { startPlainSender } from './plain-sender.ts';
import { startPostingSender } from './posting-sender.ts';

/** All kinds of senders at one gateway, several of each. */
export interface GatewaySenders {
  /** Waits until everybody who is told of it was told of an event that was made after this was called. */
  goOn(): Promise<void>;
  /** How many connections there were so far. */
  connections(): number;
  /** How many there are at a time. */
  readonly sockets: number;
  stop(): Promise<void>;
  /**
   * How many events were acknowledged. Fails unless all of these are kept, and of everybody's events, acknowledged or not,
   * the records that are no duplicates by the worker's rule are one for each, in the order in which they were sent.
   */
  check(partitions: Partitions): number;
}

const KINDS = { acking: startAckingSender, posting: startPostingSender, plain: startPlainSender } as const;
const OF_EACH = 2;
/** A request to Kafka may take half a minute until it is given up, and be made again. */
const GO_ON_MS = 120_000;

/** By key: the numbers of the events that count, in the order in which they are kept. */
function counted(partitions: Partitions): ReadonlyMap<string, readonly number[]> {
  const numbers = new Map<string, number[]>();
  for (const records of partitions.values()) {
    const isDuplicate = createDuplicates();
    for (const record of records) {
      if (record.event === null) throw new Error(`${record.offset} is no event`);
      if (isDuplicate(record)) continue;
      const { key, client } = record.event;
      const own = numbers.get(key) ?? [];
      numbers.set(key, own);
      own.push(numberOf((JSON.parse(client) as ClientFields).id));
    }
  }
  return numbers;
}

function checkSender({ user, acknowledged }: GatewaySender, kept: readonly number[]): void {
  const there = new Set(kept);
  const lost = [...(acknowledged ?? [])].filter((number) => !there.has(number));
  assert.equal(lost.length, 0, `of ${user} ${lost.length} acknowledged events are lost, such as ${lost[0]}`);
  assert.equal(there.size, kept.length, `of ${user} ${kept.length - there.size} events count twice`);
  const late = kept.findIndex((number, index) => index > 0 && number < kept[index - 1]!);
  assert.equal(late, -1, `of ${user} event ${kept[late]} comes after ${kept[late - 1]}`);
}

export function startGatewaySenders(url: string): GatewaySenders {
  const senders = Object.entries(KINDS).flatMap(([kind, start]) =>
    Array.from({ length: OF_EACH }, (_, index) => start({ url, user: `${kind}${index}` })),
  );
  const holding = senders.filter((sender) => sender.connections() !== null);
  return {
    async goOn() {
      const waiting = senders.map((sender) => ({ sender, from: sender.made() }));
      const isTold = ({ sender, from }: (typeof waiting)[number]): boolean =>
        sender.acknowledged?.has(from) ?? true;
      await waitFor(() => waiting.every(isTold), {
        timeoutMs: GO_ON_MS,
        message: 'everybody is acknowledged again',
      });
    },
    connections: () => holding.reduce((sum, sender) => sum + sender.connections()!, 0),
    sockets: holding.length,
    async stop() {
      await Promise.all(senders.map((sender) => sender.stop()));
    },
    check(partitions) {
      const kept = counted(partitions);
      let acknowledged = 0;
      for (const sender of senders) {
        checkSender(sender, kept.get(keyOfUser(sender.user)) ?? []);
        acknowledged += sender.acknowledged?.size ?? 0;
      }
      return acknowledged;
    },
  };
}
