import { isOfStudents, type ReducerInfo, type Student } from './api.ts';
import { NOBODY } from './live-feed.ts';

/** Whose states the table has: the students', or the one that the fields name. */
export function rowsOf(
  reducer: Pick<ReducerInfo, 'scope'>,
  students: readonly Student[],
  fields: Readonly<Record<string, string>>,
): readonly Student[] {
  if (isOfStudents(reducer)) return students;
  return [{ id: NOBODY, name: reducer.scope.map((name) => fields[name] ?? '').join(', ') }];
}
