import { type Problem, problem } from './frame.ts';

/** The WebSocket subprotocol by which a client asks for acknowledgements; a locked `acks: true` is the other way. */
export const ACK_PROTOCOL = 'lectern.ack.v1';

/** How a client numbers an event; null for what it did not give, or not as it must be. */
export interface Numbers {
  readonly session: string | null;
  readonly sequence: number | null;
}

/** One event's place in the order of its session. */
export interface AckPlace {
  readonly kind: 'place';
  /** The event is durable, or its sender was told that it never will be. Until then nothing after it is acknowledged. */
  settled(): void;
}

/**
 * What one connection is told of its events: `{"status":"ack","session":...,"through":<sequence>}`, once all events of
 * the session that came up to this sequence are durable or were refused. One such frame stands for many events.
 */
export interface Acks {
  /** The place of the event that came next, or why it cannot be acknowledged and so must not be taken. */
  place(numbers: Numbers): AckPlace | { readonly kind: 'problem'; readonly problem: Problem };
  /** Calls back, now or later, when nothing that has a place is waited for and all was told. */
  whenTold(callback: () => void): void;
  /** Nobody is there any more to be told. */
  end(): void;
}

export interface AcksDeps {
  readonly send: (answer: object) => void;
  /** At most one frame for a session in this time. */
  readonly everyMs: number;
}

/** More than one is for clients that send what several of them stored. */
const SESSIONS = 16;

interface Waiting {
  readonly sequence: number;
  isSettled: boolean;
}

interface Standing {
  highest: number;
  through: number;
  told: number;
  /** From the first event on that is not settled. */
  waiting: Waiting[];
}

export function createAcks({ send, everyMs }: AcksDeps): Acks {
  const standings = new Map<string, Standing>();
  let timer: NodeJS.Timeout | undefined;
  let onTold: (() => void) | undefined;

  function isToldAll(): boolean {
    return timer === undefined && [...standings.values()].every(({ waiting }) => waiting.length === 0);
  }

  function tell(): void {
    timer = undefined;
    for (const [session, standing] of standings) {
      if (standing.told === standing.through) continue;
      standing.told = standing.through;
      send({ status: 'ack', session, through: standing.through });
    }
    if (isToldAll()) onTold?.();
  }

  function advance(standing: Standing): void {
    const open = standing.waiting.findIndex(({ isSettled }) => !isSettled);
    const done = standing.waiting.splice(0, open === -1 ? standing.waiting.length : open);
    if (done.length === 0) return;
    standing.through = done.at(-1)!.sequence;
    timer ??= setTimeout(tell, everyMs);
  }

  function standingOf(session: string): Standing | null {
    const known = standings.get(session);
    if (known !== undefined || standings.size >= SESSIONS) return known ?? null;
    const standing: Standing = { highest: -1, through: -1, told: -1, waiting: [] };
    standings.set(session, standing);
    return standing;
  }

  return {
    place({ session, sequence }) {
      if (session === null)
        return problem(
          'session: must be there, a string of 1 to 200 characters, because acknowledgements were asked for',
          'give all events of one client the same, or lock it',
        );
      if (sequence === null)
        return problem(
          'sequence: must be there, a whole number from 0 on, because acknowledgements were asked for',
          'number the events of the session in the order in which they are sent',
        );
      const standing = standingOf(session);
      if (standing === null)
        return problem(
          `session: a connection that asked for acknowledgements may have at most ${SESSIONS}`,
          'keep to one session, or connect again',
        );
      // What was told of a number holds for all below it, so none of them may still come.
      if (sequence <= standing.highest)
        return problem(
          `sequence: ${sequence} must come after ${standing.highest}, the last one of its session on this connection`,
          'number events in the order in which they are sent; to send one again, connect again',
        );
      standing.highest = sequence;
      const waiting: Waiting = { sequence, isSettled: false };
      standing.waiting.push(waiting);
      return {
        kind: 'place',
        settled() {
          waiting.isSettled = true;
          advance(standing);
        },
      };
    },
    whenTold(callback) {
      if (isToldAll()) callback();
      else onTold = callback;
    },
    end() {
      clearTimeout(timer);
      timer = undefined;
      onTold = undefined;
      standings.clear();
    },
  };
}
