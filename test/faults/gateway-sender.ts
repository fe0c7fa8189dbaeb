import { SOURCE } from './house.ts';

/** One student, whose events come in through a gateway by one connection or one request after the other. */
export interface GatewaySender {
  readonly user: string;
  /** How many events it made, numbered from 0 in the order in which they are sent. */
  made(): number;
  /** The numbers of those that the gateway said it keeps; null for a sender that is told nothing. */
  readonly acknowledged: ReadonlySet<number> | null;
  /** How many connections it opened; null for a sender that holds none. */
  connections(): number | null;
  /** Makes no more events; resolves when all are acknowledged, or sent where nothing is. */
  stop(): Promise<void>;
}

export interface SenderPlace {
  /** Of the gateway. */
  readonly url: string;
  readonly user: string;
}

export interface SentEvent {
  readonly event: string;
  readonly id: string;
  readonly item: number;
  readonly group: number;
}

const ITEMS = 10;
const GROUPS = 3;

/** What a tool locks first. */
export const locked = (user: string) => ({ source: SOURCE, user_id: user });

export function socketUrl(url: string): string {
  return `${url.replace('http', 'ws')}/wsapi/in/`;
}

/** The key under which a gateway keeps what a user sends. */
export const keyOfUser = (user: string): string => `tc-testcase-${user}`;

/** `ending` makes the id longer than what a gateway takes for a name, so that it has to give one. */
export function eventOf(user: string, number: number, ending = ''): SentEvent {
  const item = number % ITEMS;
  return { event: 'test', id: `${user}-${number}${ending}`, item, group: item % GROUPS };
}

export const numberOf = (id: string): number => Number(id.split('-')[1]);
