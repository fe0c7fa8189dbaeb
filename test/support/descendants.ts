import { execFileSync } from 'node:child_process';

export interface Descendant {
  readonly pid: number;
  readonly command: string;
}

/** Every process that descends from `pid` now. */
export function descendantsOf(pid: number): Descendant[] {
  const rows = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!)
    .map(([, child, parent, command]) => ({ pid: Number(child), parent: Number(parent), command: command! }));
  const found: Descendant[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const children = rows.filter(({ parent }) => parents.includes(parent));
    found.push(...children.map(({ pid: child, command }) => ({ pid: child, command })));
    parents = children.map(({ pid: child }) => child);
  }
  return found;
}
