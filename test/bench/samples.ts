import type { ProbeSample } from './probe.ts';

/** Where a process was at a moment, or at a number of events: between two samples, in proportion. */
export function sampleAt(
  samples: readonly ProbeSample[],
  by: 'at' | 'reduced',
  value: number,
): Omit<ProbeSample, 'kind'> {
  const after = samples.findIndex((sample) => sample[by] >= value);
  if (after === 0) return samples[0]!;
  if (after < 0) return samples.at(-1)!;
  const [a, b] = [samples[after - 1]!, samples[after]!];
  const share = (value - a[by]) / (b[by] - a[by]);
  const between = (field: 'at' | 'cpuMicros' | 'reduced'): number => a[field] + share * (b[field] - a[field]);
  return { at: between('at'), cpuMicros: between('cpuMicros'), reduced: between('reduced') };
}
