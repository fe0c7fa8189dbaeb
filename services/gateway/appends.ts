import type { LecternError } from '../shared/errors.ts';
import type { OutgoingRecord } from '../shared/log/port.ts';
import type { EventRecord } from './envelope.ts';
import { type LogRefusal, logRefusalOf } from './log-refusal.ts';
import type { Publisher, Ticket } from './publisher.ts';
import { createRecentIds, fullNameOf, nameOf } from './recent-ids.ts';

/** Events that are on their way into the log together, and whoever waits for them. */
export interface Append {
  /** Resolves when they are durable, all but those that the log refused; rejects when they will not be. */
  readonly kept: Promise<void>;
  /** The events that the log refused for good, by their full names; all of them once `kept` resolved. */
  readonly refused: ReadonlyMap<string, LogRefusal>;
  /** One more request waits for it. */
  join(): void;
  /** One waits no longer. After the last one, what no attempt was made for is dropped: its sender will come again. */
  leave(): void;
}

/**
 * Appends events, and knows those of them whose senders chose their ids: the last 10,000 that became durable, and all
 * that are on their way, which the queue bounds. So an event that is sent again is not appended again.
 */
export interface Appends<E extends EventRecord = EventRecord> {
  known(event: E): 'durable' | Append | undefined;
  /** Whether what is known by the event's name is something else. */
  isOther(event: E): boolean;
  /** Joined by who calls it. Null: the queue has no room, nothing was taken. */
  append(events: readonly E[]): Append | null;
  isFull(): boolean;
}

const RECENT_IDS = 10_000;

export interface AppendsDeps<E extends EventRecord> {
  readonly publisher: Pick<Publisher, 'publish' | 'isFull'>;
  /** How long it took until events were durable. */
  readonly onKept: (durationMs: number) => void;
  readonly clockMs: () => number;
  /** Null: it cannot come again. Without it as the worker tells events apart. */
  readonly nameOf?: (event: E) => string | null;
  /** Tells an event from another one of the same name, in few characters; without it there is none. */
  readonly contentOf?: (event: E) => string;
}

interface Known {
  readonly name: string | null;
  readonly content: string;
}

/** Waits until all is decided: that some were refused does not keep the others from being durable. */
async function decided(ticket: Ticket): Promise<void> {
  try {
    await ticket.kept;
  } catch (error) {
    const refusals = [...ticket.refused.values()];
    if (
      !refusals.includes(error as LecternError) ||
      refusals.some((refusal) => logRefusalOf(refusal) === null)
    )
      throw error;
  }
}

function refusalsOf(events: readonly EventRecord[], { refused }: Ticket): [string, LogRefusal][] {
  if (refused.size === 0) return [];
  return events.flatMap((event) => {
    const error = refused.get(event.record);
    const refusal = error === undefined ? null : logRefusalOf(error);
    return refusal === null ? [] : [[fullNameOf(event), refusal]];
  });
}

export function createAppends<E extends EventRecord = EventRecord>(deps: AppendsDeps<E>): Appends<E> {
  const { publisher, onKept, clockMs } = deps;
  const named = deps.nameOf ?? nameOf;
  const contentOf = deps.contentOf ?? (() => '');
  const recent = createRecentIds(RECENT_IDS);
  const onTheWay = new Map<string, Known & { readonly append: Append }>();

  function follow(events: readonly E[], ticket: Ticket): Append {
    const since = clockMs();
    /** What is known of those that were not dropped. */
    const mine = new Map<OutgoingRecord, Known>();
    const refused = new Map<string, LogRefusal>();
    let waiting = 1;
    let over = false;
    const leaveWay = ({ name }: Known): void => {
      if (name !== null && onTheWay.get(name)?.append === append) onTheWay.delete(name);
    };
    const append: Append = {
      kept: decided(ticket),
      refused,
      join: () => void waiting++,
      leave() {
        waiting--;
        if (waiting > 0 || over) return;
        for (const record of ticket.cancel()) {
          leaveWay(mine.get(record)!);
          mine.delete(record);
        }
      },
    };
    for (const event of events) {
      const known = { name: named(event), content: contentOf(event) };
      mine.set(event.record, known);
      if (known.name !== null) onTheWay.set(known.name, { ...known, append });
    }
    const arrived = (durable: boolean): void => {
      over = true;
      for (const [name, refusal] of refusalsOf(events, ticket)) refused.set(name, refusal);
      for (const [record, known] of mine) {
        leaveWay(known);
        const isDurable = durable && !ticket.refused.has(record);
        if (isDurable && known.name !== null) recent.add(known.name, known.content);
      }
    };
    // Also when nobody waits any more: a repeat is then recognised.
    append.kept.then(
      () => {
        arrived(true);
        if (mine.size > refused.size) onKept(clockMs() - since);
      },
      () => arrived(false),
    );
    return append;
  }

  return {
    isFull: publisher.isFull,
    known(event) {
      const name = named(event);
      if (name === null) return undefined;
      return recent.contentOf(name) === undefined ? onTheWay.get(name)?.append : 'durable';
    },
    isOther(event) {
      const name = named(event);
      if (name === null) return false;
      const content = recent.contentOf(name) ?? onTheWay.get(name)?.content;
      return content !== undefined && content !== contentOf(event);
    },
    append(events) {
      const ticket = publisher.publish(events.map(({ record }) => record));
      return ticket === null ? null : follow(events, ticket);
    },
  };
}
