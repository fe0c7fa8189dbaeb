import type { Strays } from '../../services/worker/strays.ts';

/** Calls reducers and nothing more: to know whose each promise is costs a world of promises half of its speed. */
export const unattributed: Pick<Strays, 'call'> = {
  call: (_owner, entry, event) => entry.reducer.reduce(event.fresh(), entry.value),
};
