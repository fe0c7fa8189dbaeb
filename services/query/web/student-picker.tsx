import type { ClassInfo } from './api.ts';

interface StudentPickerProps {
  readonly classes: readonly ClassInfo[];
  readonly chosen: string | null;
  readonly onChoose: (classId: string) => void;
  /** What was typed where there are no classes. */
  readonly typed: string;
  readonly onType: (text: string) => void;
}

/** Whose states are shown: a class, or, where no classes are set up, students by their ids. */
export function StudentPicker({ classes, chosen, onChoose, typed, onType }: StudentPickerProps) {
  if (classes.length === 0)
    return (
      <label class="field field-wide">
        <span>Student ids, between commas</span>
        <input
          type="text"
          value={typed}
          placeholder="tc-testcase-ada, tc-testcase-ben"
          spellcheck={false}
          autocomplete="off"
          onChange={(event) => onType(event.currentTarget.value)}
        />
      </label>
    );
  return (
    <label class="field">
      <span>Class</span>
      <select value={chosen ?? ''} onChange={(event) => onChoose(event.currentTarget.value)}>
        {classes.map(({ id, name, students }) => (
          <option key={id} value={id}>
            {name} ({students.length})
          </option>
        ))}
      </select>
    </label>
  );
}
