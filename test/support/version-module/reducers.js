import { eventField, KeyField, reducer, Scope } from 'lectern/reducers';

// For tests of versions: counts that tell which version made them, of each student and of what students share.

const count = (name, scope, version) =>
  reducer({ nullState: { n: 0, version }, name, scope: Scope([scope]) }, (_event, state) => ({
    n: state.n + 1,
    version,
  }));

export const reducersOf = (version) => [
  { context: 'test.versions', function: count('of_student', KeyField.STUDENT, version) },
  { context: 'test.versions', function: count('of_item', eventField('item'), version) },
];
