import { useRef } from 'preact/hooks';
import type { Json, Student } from './api.ts';
import { type Column, columnsFor } from './columns.ts';
import type { Shown } from './live-feed.ts';

/** A text that lights up for a moment when it is another than before. */
function Changing({ text }: { readonly text: string }) {
  const last = useRef({ text, changes: 0 });
  if (last.current.text !== text) last.current = { text, changes: last.current.changes + 1 };
  const { changes } = last.current;
  // A new key makes a new element, and so the animation starts over.
  return (
    <span key={changes} class={changes > 0 ? 'value changed' : 'value'}>
      {text}
    </span>
  );
}

interface RowProps {
  readonly student: Student;
  readonly shown: Shown | undefined;
  readonly columns: readonly Column[];
}

function Row({ student, shown, columns }: RowProps) {
  const isRebuilding = shown?.rebuilding !== undefined;
  const isEmpty = isRebuilding || (shown?.default ?? true);
  return (
    <tr class={isEmpty ? 'row-empty' : undefined}>
      <th scope="row">
        {student.name}
        {isEmpty && <span class="tag">{isRebuilding ? 'not ready' : 'nothing yet'}</span>}
      </th>
      {columns.map((column) => (
        <td key={column.name} class={column.isNumber ? 'number' : 'json'}>
          <Changing text={shown === undefined ? '' : column.textOf(shown.state)} />
        </td>
      ))}
    </tr>
  );
}

interface StateTableProps {
  readonly caption: string;
  /** Of the column that says whose state it is. */
  readonly heading: string;
  readonly students: readonly Student[];
  readonly states: ReadonlyMap<string, Shown>;
  readonly isStale: boolean;
}

/** The state of each student, in the order of the class. */
export function StateTable({ caption, heading, students, states, isStale }: StateTableProps) {
  const all: readonly Json[] = [...states.values()].map(({ state }) => state);
  const columns = columnsFor(all);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section class="table-frame" aria-label={caption} tabIndex={0}>
      <table class={isStale ? 'stale' : undefined}>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{heading}</th>
            {columns.map(({ name, title, isNumber }) => (
              <th key={name} scope="col" class={isNumber ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {students.map((student) => (
            <Row key={student.id} student={student} shown={states.get(student.id)} columns={columns} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
