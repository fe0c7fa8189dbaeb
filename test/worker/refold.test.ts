import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEntry } from '../../services/worker/entry.ts';
import { checkEntry, cutEntry, event, fold, moduleReducer, NOTHING } from '../support/folding.ts';

type Deed = 'add' | 'throw' | 'throwLate' | 'spoil' | 'spoilDeep' | 'undefined' | 'huge' | 'reset' | 'reject';

interface State {
  trail: unknown[];
  text?: string;
}

/** Adds to a trail, in place; everything else that it does must leave no trace. */
const misbehaving = moduleReducer<State>({ trail: [] }, (e, state) => {
  const { n, deed } = e.client as unknown as { readonly n: number; readonly deed: Deed };
  if (deed === 'throw') throw new Error('at once');
  state.trail.push(n);
  if (deed === 'throwLate') throw new Error('after a change in place');
  if (deed === 'spoil') state.trail.push(Number.NaN);
  if (deed === 'spoilDeep') state.trail.push({ inner: [() => 1] });
  if (deed === 'huge') state.text = 'x'.repeat(20_000);
  if (deed === 'undefined') return undefined as never;
  if (deed === 'reset') return { trail: state.trail.slice(-1) };
  if (deed === 'reject') return Promise.reject(new Error('later'));
  return state;
});

const good = new Set<Deed>(['add', 'reset']);

/** What is left when the events that must not count never were. */
function cleanFold(deeds: readonly Deed[]): State {
  let trail: number[] = [];
  for (const [n, deed] of deeds.entries()) {
    if (!good.has(deed)) continue;
    trail.push(n);
    if (deed === 'reset') trail = trail.slice(-1);
  }
  return { trail };
}

const deeds = fc.array(
  fc.constantFrom<Deed>(
    'add',
    'add',
    'add',
    'throw',
    'throwLate',
    'spoil',
    'spoilDeep',
    'undefined',
    'huge',
    'reset',
    'reject',
  ),
  { maxLength: 40 },
);

describe('wherever the cuts are', () => {
  test('the state is what the events give without those that were refused, each of which is refused once', async () => {
    await fc.assert(
      fc.asyncProperty(deeds, fc.array(fc.nat(40)), async (all, cuts) => {
        const entry = createEntry(misbehaving, 'a', NOTHING);
        const refused: number[] = [];
        for (const [n, deed] of all.entries()) {
          for (const { offset } of (await fold(entry, event({ n, deed }, n))) ?? []) refused.push(offset);
          if (!cuts.includes(n)) continue;
          for (const { offset } of await checkEntry(entry)) refused.push(offset);
          await cutEntry(entry);
        }
        for (const { offset } of await checkEntry(entry)) refused.push(offset);
        await cutEntry(entry);
        expect(entry.text === null ? { trail: [] } : JSON.parse(entry.text)).toEqual(
          // A state that a `reset` made good again before any cut is one that was never looked at.
          expectedWith(all, refused),
        );
        expect(new Set(refused).size).toBe(refused.length);
      }),
      { numRuns: 300 },
    );
  });
});

/** Spoilt events that nobody looked at may stay, as long as what they led to was good again when somebody did. */
function expectedWith(all: readonly Deed[], refused: readonly number[]): State {
  const left = all.map((deed, n): Deed => {
    if (refused.includes(n)) return 'throw';
    return good.has(deed) ? deed : 'reset';
  });
  return cleanFold(left);
}
