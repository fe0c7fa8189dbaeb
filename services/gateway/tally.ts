/** How many of each name there are. Holds only names of which there is one. */
export interface Tally {
  add(name: string): void;
  remove(name: string): void;
  count(name: string): number;
}

export function createTally(): Tally {
  const counts = new Map<string, number>();
  const count = (name: string): number => counts.get(name) ?? 0;
  return {
    count,
    add: (name) => void counts.set(name, count(name) + 1),
    remove(name) {
      if (count(name) > 1) counts.set(name, count(name) - 1);
      else counts.delete(name);
    },
  };
}
