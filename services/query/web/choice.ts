import { useState } from 'preact/hooks';

/** What is shown, kept in the page's address, so that a reload or a bookmark shows it again. No ids of learners. */
export type ChoiceName = 'class' | 'reducer';

export function useChoice(name: ChoiceName): readonly [string | null, (value: string) => void] {
  const [value, setValue] = useState(() => new URLSearchParams(location.search).get(name));
  function choose(chosen: string): void {
    const query = new URLSearchParams(location.search);
    query.set(name, chosen);
    history.replaceState(null, '', `?${query}`);
    setValue(chosen);
  }
  return [value, choose];
}
