import type { LeftOut } from '../../../services/shared/control/port.ts';
import type { WorldEvent } from './events.ts';
import { FORMS, type ReducerSpec, type State } from './reducers.ts';

/** Whether the event makes a state of which JSON has no word, out of `before`. */
function spoils({ form, minds }: ReducerSpec, event: WorldEvent, before: State): boolean {
  const { outcome, stateType } = FORMS[form];
  const isSpoilt = minds.includes(event.kind) && ['garbage', 'fleeting'].includes(event.kind);
  return (isSpoilt && stateType === undefined) || outcome(event, before as never) === 'refused';
}

/**
 * Whether an event may be left out of a reducer that finds `before`, and for that reason. Nobody may leave out what a
 * reducer can fold, but people, who decide under no claim.
 */
export function isPossible(
  { why, token }: LeftOut,
  spec: ReducerSpec,
  event: WorldEvent,
  before: State,
): boolean {
  if (why === 'requeue' || why === 'drop') return token === undefined;
  if (token === undefined) return false;
  if (why === 'state') return spoils(spec, event, before);
  const kind = { budget: 'hangs', killer: 'kills', detached: null }[why];
  return event.kind === kind && spec.minds.includes(kind);
}
