import { type LearningEvent, reducer, unchanged } from 'lectern/reducers';
import { getNamed, setNamed } from './names.ts';
import { type TabTitle, tabTitles } from './tab-titles.ts';

interface Tab {
  readonly tab_id: string;
  readonly title: string | null;
  readonly last_accessed: number;
}

const nullState: { readonly tabs: Record<string, Tab> } = { tabs: {} };

/** The tab that is in view: as the client names it, or as the address does. */
function activeTab({ client }: LearningEvent): string | null {
  if (typeof client.tab_id === 'string' && client.tab_id !== '') return client.tab_id;
  const urls = [client.url, (client.object as { readonly url?: unknown } | null | undefined)?.url];
  for (const url of urls) {
    const found = typeof url === 'string' ? /[?&#]tab=([^&#]+)/.exec(url) : null;
    if (found !== null) return found[1]!;
  }
  return null;
}

function named(before: Tab | undefined, { tab, title }: TabTitle, time: number): Tab {
  if (before === undefined) return { tab_id: tab, title, last_accessed: time };
  return title === null ? before : { ...before, title };
}

/** The tabs of a document, with their titles and when they were in view last. */
export const tabList = reducer({ nullState }, function tabList(event, state) {
  const { time } = event.server;
  const active = activeTab(event);
  const known = active === null ? undefined : getNamed(state.tabs, active);
  const titles = tabTitles(event);
  if (known === undefined && titles.length === 0) return unchanged;
  if (known !== undefined) setNamed(state.tabs, active!, { ...known, last_accessed: time });
  for (const one of titles) setNamed(state.tabs, one.tab, named(getNamed(state.tabs, one.tab), one, time));
  return state;
});
