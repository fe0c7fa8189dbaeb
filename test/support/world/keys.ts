import { keyText } from '../../../services/shared/state-key.ts';
import { classOf, type WorldEvent } from './events.ts';
import { isRekeyed, type ModuleSpec } from './modules.ts';
import type { ScopeName } from './reducers.ts';

/** The key of an event's state in a scope; null when the event lacks a field of it. */
export function keyOf({ student, doc }: WorldEvent, scope: ScopeName): string | null {
  const inClass = classOf(student);
  if (scope === 'class') return inClass === null ? null : keyText({ CLASS: inClass });
  if (scope === 'student') return keyText({ STUDENT: student });
  if (doc === '') return null;
  return keyText({ 'EventField.doc': doc, ...(scope === 'doc' ? {} : { STUDENT: student }) });
}

/** The keys under which a module's rekey topic must have an event, in the order of their texts. */
export function rekeyedKeys({ reducers }: ModuleSpec, event: WorldEvent): readonly string[] {
  const keys = reducers
    .filter((reducer) => isRekeyed(reducer) && reducer.contexts.includes(event.source))
    .map(({ scope }) => keyOf(event, scope))
    .filter((key) => key !== null);
  return [...new Set(keys)].sort();
}
