import type { EventSpec, Happening, Item, Script } from './script.ts';

const EVENTS = 30;

const event = (n: number): EventSpec => ({
  source: n % 2,
  student: n % 5,
  kind: 'plain',
  n,
  doc: ['a', 'b:c,d', ''][n % 3]!,
  sequence: null,
});

/** How long everything takes that a worker does by itself, in milliseconds. */
const REST_MS = 8_000;
const item = (happening: Happening): Item => ({ happening, passMs: REST_MS });
const events: Item = item({
  what: 'append',
  events: Array.from({ length: EVENTS }, (_, n) => event(n)),
});
const lost: Item = item({ what: 'store flushed' });

/** Nothing goes wrong but that the store is lost now and then, when everything is at rest. */
export function scriptOfLostStores(seed: number): Script {
  const both = ['org.test', 'org.other'];
  return {
    seed,
    partitions: 2,
    processes: 2,
    modules: [
      {
        name: 'm0',
        reducers: [
          { form: 'chain', scope: 'doc', contexts: both, minds: [] },
          { form: 'count', scope: 'class', contexts: both.slice(0, 1), minds: [] },
          { form: 'chain', scope: 'student', contexts: both.slice(1), minds: [] },
        ],
      },
    ],
    items: [events, lost, events, lost, lost, events],
  };
}
