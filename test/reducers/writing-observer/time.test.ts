import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as module from '../../../reducers/writing-observer/module.ts';
import { eventAt, foldOne } from '../folded.ts';

const at = (name: string, times: readonly number[]) =>
  foldOne(
    module,
    name,
    times.map((time) => eventAt(time, { doc_id: 'd', tab_id: 't' })),
  );

describe.each(['time_on_task', 'gdoc_tab_scope_time_on_task'])('%s', (name) => {
  test('is nothing at the first event', () => {
    expect(at(name, [100.5])).toEqual({ saved_ts: 100.5, total_time_on_task: 0 });
  });

  test('adds the time since the event before, a minute at most', () => {
    expect(at(name, [100, 130, 1_000, 1_000.25])).toEqual({ saved_ts: 1_000.25, total_time_on_task: 90.25 });
  });

  test('subtracts where a clock steps back', () => {
    expect(at(name, [100, 110, 70, 75])).toEqual({ saved_ts: 75, total_time_on_task: -25 });
  });
});

describe('binned_time_on_task', () => {
  test('counts into bins of ten minutes, and what goes over an edge into both', () => {
    expect(at('binned_time_on_task', [590, 620, 640])).toEqual({
      saved_ts: 640,
      current_bin: 600,
      binned_time_on_task: { 0: 10, 600: 40 },
    });
  });

  test('counts a minute at most, in the bin where it began', () => {
    expect(at('binned_time_on_task', [10, 5_000, 5_010])).toEqual({
      saved_ts: 5_010,
      current_bin: 4_800,
      binned_time_on_task: { 0: 60, 4800: 10 },
    });
  });

  test('has the bin of the first event, with nothing in it', () => {
    expect(at('binned_time_on_task', [1_234])).toEqual({
      saved_ts: 1_234,
      current_bin: 1_200,
      binned_time_on_task: { 1200: 0 },
    });
  });

  test('where a clock stepped back, goes on in the bin of then', () => {
    expect(at('binned_time_on_task', [1_210, 1_190, 1_195])).toEqual({
      saved_ts: 1_195,
      current_bin: 600,
      binned_time_on_task: { 1200: -20, 600: 5 },
    });
  });

  test('comes to the same in all as the time on task', () => {
    const times = fc.array(fc.integer({ min: 0, max: 8_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(times, (list) => {
        const { binned_time_on_task: bins } = at('binned_time_on_task', list) as {
          binned_time_on_task: Record<string, number>;
        };
        const sum = Object.values(bins).reduce((all, seconds) => all + seconds, 0);
        const { total_time_on_task: total } = at('time_on_task', list) as { total_time_on_task: number };
        expect(sum).toBe(total);
      }),
    );
  });
});
