interface ScopeFieldsProps {
  readonly names: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (name: string, value: string) => void;
}

/** What a reducer's states are kept by besides the student: the same value goes with every student. */
export function ScopeFields({ names, values, onChange }: ScopeFieldsProps) {
  return names.map((name) => (
    <label class="field" key={name}>
      <span>{name}</span>
      <input
        type="text"
        value={values[name] ?? ''}
        spellcheck={false}
        autocomplete="off"
        onChange={(event) => onChange(name, event.currentTarget.value.trim())}
      />
    </label>
  ));
}
