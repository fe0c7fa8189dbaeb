import * as fc from 'fast-check';
import { KINDS, type Kind } from './events.ts';
import { type ModuleSpec, SOURCES } from './modules.ts';
import { FORM_NAMES, type ReducerSpec } from './reducers.ts';
import type { EventSpec, Happening, Item, Script } from './script.ts';

/** Scripts made at random. Everything that can be smaller shrinks: fewer items, fewer events, shorter times. */

const MINDED = KINDS.filter((kind) => kind !== 'plain' && kind !== 'undecodable');

const reducer: fc.Arbitrary<ReducerSpec> = fc
  .record({
    form: fc.constantFrom(...FORM_NAMES.filter((form) => form !== 'text')),
    scope: fc.oneof(
      { weight: 4, arbitrary: fc.constant('student' as const) },
      { weight: 2, arbitrary: fc.constantFrom('student and doc' as const, 'doc' as const) },
      { weight: 1, arbitrary: fc.constant('class' as const) },
    ),
    contexts: fc.oneof(
      { weight: 6, arbitrary: fc.constant(SOURCES.slice(0, 1)) },
      { weight: 1, arbitrary: fc.constantFrom(SOURCES.slice(1), SOURCES) },
    ),
    minds: fc.subarray([...MINDED]),
  })
  // Of the states in parts, half.
  .map((spec) => (spec.form === 'list' && spec.minds.length % 2 === 0 ? { ...spec, form: 'text' } : spec));

const modules = fc
  .array(fc.array(reducer, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 })
  .map((all) => all.map((reducers, index): ModuleSpec => ({ name: `m${index}`, reducers })));

const kindWith = (fleeting: boolean): fc.Arbitrary<Kind> =>
  fc.oneof(
    { weight: 400, arbitrary: fc.constant('plain') },
    { weight: 30, arbitrary: fc.constantFrom('throws', 'fickle', 'garbage') },
    { weight: 10, arbitrary: fc.constantFrom('undecodable', 'hangs') },
    { weight: fleeting ? 10 : 0, arbitrary: fc.constant('fleeting') },
    { weight: 1, arbitrary: fc.constant('kills') },
  );

const eventOf = (kind: fc.Arbitrary<Kind>): fc.Arbitrary<EventSpec> =>
  fc.record({
    source: fc.nat(1),
    student: fc.integer({ min: 0, max: 4 }),
    kind,
    n: fc.integer({ min: 0, max: 99 }),
    doc: fc.constantFrom('', 'a', 'b:c,d'),
    sequence: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 2, nil: null }),
  });

const happen = <W extends Happening['what']>(
  what: W,
  fields: {
    [F in keyof Omit<Extract<Happening, { what: W }>, 'what'>]: fc.Arbitrary<
      Extract<Happening, { what: W }>[F]
    >;
  },
): fc.Arbitrary<Happening> =>
  fc
    .record(fields as Record<string, fc.Arbitrary<unknown>>)
    .map((given) => ({ what, ...given }) as Happening);

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const slot = fc.nat(2);
const few = upTo(4);
const ago = fc.nat(30);
const partition = fc.nat(5);
const module = fc.nat(1);
/** Around the session timeout, so that some are noticed and some are not. */
const outage = upTo(4_000);

const disturbances: readonly fc.WeightedArbitrary<Happening>[] = [
  { weight: 2, arbitrary: happen('append again', { ago, count: upTo(8) }) },
  { weight: 2, arbitrary: happen('client resends', { ago, count: upTo(8) }) },
  {
    weight: 1,
    arbitrary: happen('skip offsets', { partition, count: fc.constantFrom(1, 2, 5, 9_990, 10_001) }),
  },
  { weight: 1, arbitrary: happen('log time jumps', { days: fc.constantFrom(1, 29, 31) }) },
  { weight: 4, arbitrary: happen('archive and trim', { partition, keep: fc.nat(8) }) },
  { weight: 4, arbitrary: happen('crash', { slot, ms: outage }) },
  { weight: 2, arbitrary: happen('stop', { slot, ms: outage }) },
  { weight: 4, arbitrary: happen('freeze', { slot, ms: outage }) },
  { weight: 4, arbitrary: happen('cut off from groups', { slot, ms: outage }) },
  { weight: 3, arbitrary: happen('rebalance', { module }) },
  { weight: 1, arbitrary: happen('pause module', { module, ms: outage }) },
  { weight: 2, arbitrary: happen('requeue', { module, which: fc.nat(20) }) },
  { weight: 2, arbitrary: happen('store away', { ms: upTo(3_000) }) },
  { weight: 2, arbitrary: happen('store slow', { ms: upTo(3_000) }) },
  { weight: 2, arbitrary: happen('replies lost', { count: few }) },
  { weight: 2, arbitrary: happen('commands lost', { count: few }) },
  { weight: 3, arbitrary: happen('commands resent', { count: few }) },
  { weight: 2, arbitrary: happen('sends fail', { count: few }) },
  { weight: 3, arbitrary: happen('old checkpoint resent', { ago }) },
  { weight: 2, arbitrary: happen('store flushed', {}) },
  { weight: 2, arbitrary: happen('store loses newest', { changes: upTo(12) }) },
  { weight: 1, arbitrary: happen('store snapshot', {}) },
  { weight: 2, arbitrary: happen('store restored', {}) },
];

export interface ScriptLimits {
  /** Whether there are events of which only a checkpoint's time decides whether they are refused. */
  readonly fleeting: boolean;
  /** Whether events that waited unclaimed are copied. */
  readonly copies: boolean;
}

export function randomScripts({ fleeting, copies }: ScriptLimits): fc.Arbitrary<Script> {
  const events = fc.array(eventOf(kindWith(fleeting)), { minLength: 1, maxLength: 14 });
  const copying = happen('copies', { events, again: fc.nat(6), far: fc.boolean() });
  const happening = fc.oneof(
    { weight: 24, arbitrary: happen('append', { events }) },
    ...disturbances,
    ...(copies ? [{ weight: 12, arbitrary: copying }] : []),
  );
  const item: fc.Arbitrary<Item> = fc.record({
    happening,
    passMs: fc.oneof(fc.nat(30), fc.nat(400), fc.nat(2_500)),
  });
  return fc.record({
    seed: fc.noShrink(fc.nat()),
    partitions: upTo(3),
    processes: upTo(3),
    modules,
    items: fc.array(item, { minLength: 1, maxLength: 20, size: 'max' }),
  });
}
