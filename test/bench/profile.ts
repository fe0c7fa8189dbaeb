import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of a .cpuprofile is read: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

const ROWS = 20;
const NOT_WORK = new Set(['(idle)', '(root)']);

/** Where the code of a frame belongs: a package, a folder of ours, or the engine. */
function partOf({ functionName, url }: Frame): string {
  if (url === '') return functionName === '(garbage collector)' ? 'garbage collector' : 'engine';
  if (url.startsWith('node:')) return 'node';
  const names = url.split('/node_modules/').at(-1)!;
  if (names !== url) return names.split('/')[0]!;
  return url.replace(/^.*\/dist\//, '').replace(/\/[^/]*$/, '');
}

function nameOf(frame: Frame): string {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  if (frame.url === '') return name;
  const file = frame.url.replace(/^.*\/(node_modules|dist)\//, '');
  return `${name} ${file}:${frame.lineNumber + 1}`;
}

/** Microseconds by whatever a frame is put under, its own time alone, the largest first. */
function selfTimes(
  { nodes, samples, timeDeltas }: CpuProfile,
  under: (frame: Frame) => string,
): [string, number][] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const sums = new Map<string, number>();
  samples.forEach((id, index) => {
    const frame = frames.get(id)!;
    if (NOT_WORK.has(frame.functionName)) return;
    const name = under(frame);
    sums.set(name, (sums.get(name) ?? 0) + timeDeltas[index]!);
  });
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** The profile of the thread that worked most; each thread leaves a file of its own. */
function busiest(dir: string): { readonly path: string; readonly profile: CpuProfile } {
  const found = readdirSync(dir)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => {
      const path = join(dir, name);
      const profile = JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
      const total = selfTimes(profile, () => 'all')[0]?.[1] ?? 0;
      return { path, profile, total };
    })
    .sort((a, b) => b.total - a.total);
  if (found[0] === undefined)
    throw new Error(`${dir} holds no .cpuprofile: the process was killed, not stopped`);
  return found[0];
}

/** A table of where the time of the profile in a folder went, by function and by part of the program, as text. */
export function readProfile(dir: string): string {
  const { path, profile } = busiest(dir);
  const total = selfTimes(profile, () => 'all')[0]?.[1] ?? 0;
  const table = (title: string, rows: readonly [string, number][]): string[] => [
    title,
    ...rows
      .slice(0, ROWS)
      .map(([name, micros]) => `${((100 * micros) / total).toFixed(1).padStart(6)} %  ${name}`),
  ];
  return [
    `${path}: ${(total / 1e6).toFixed(2)} s of work`,
    ...table('self time by function', selfTimes(profile, nameOf)),
    ...table('self time by part', selfTimes(profile, partOf)),
  ].join('\n');
}
