import { useEffect, useState } from 'preact/hooks';
import { type ClassInfo, isOfStudents, loadOverview, type Overview, type Student } from './api.ts';
import { useChoice } from './choice.ts';
import { LiveView } from './live-view.tsx';
import { ModuleList } from './module-list.tsx';
import { Notice } from './notice.tsx';
import { ScopeFields } from './scope-fields.tsx';
import { StudentPicker } from './student-picker.tsx';

const RETRY_MS = 3_000;

type Loaded = { readonly overview: Overview } | { readonly problem: string } | null;

function useOverview(): Loaded {
  const [loaded, setLoaded] = useState<Loaded>(null);
  useEffect(() => {
    let retry: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    async function load(): Promise<void> {
      const outcome: Loaded = await loadOverview().then(
        (overview) => ({ overview }),
        (error: Error) => ({ problem: error.message }),
      );
      if (isGone) return;
      setLoaded(outcome);
      if ('problem' in outcome) retry = setTimeout(() => void load(), RETRY_MS);
    }
    void load();
    return () => {
      isGone = true;
      clearTimeout(retry);
    };
  }, []);
  return loaded;
}

function studentsOf(chosenClass: ClassInfo | undefined, typed: string): readonly Student[] {
  if (chosenClass !== undefined) return chosenClass.students;
  const ids = typed.split(',').map((id) => id.trim());
  return [...new Set(ids)].filter((id) => id !== '').map((id) => ({ id, name: id }));
}

function Dashboard({ overview }: { readonly overview: Overview }) {
  const { modules, classes } = overview;
  const [classId, chooseClass] = useChoice('class');
  const [reducerId, chooseReducer] = useChoice('reducer');
  const [typed, setTyped] = useState('');
  const [fields, setFields] = useState<Readonly<Record<string, string>>>({});
  const reducers = modules.flatMap((module) => module.reducers);
  const reducer = reducers.find(({ id }) => id === reducerId) ?? reducers[0];
  if (reducer === undefined) return <Notice title="No modules are installed" />;
  const chosenClass = classes.find(({ id }) => id === classId) ?? classes[0];
  const students = studentsOf(chosenClass, typed);
  const names = reducer.scope.filter((name) => name !== 'STUDENT');
  const missing = names.filter((name) => !fields[name]);
  const needsStudents = isOfStudents(reducer);
  const hasWhom = !needsStudents || students.length > 0;
  return (
    <div class="layout">
      <ModuleList modules={modules} chosen={reducer.id} onChoose={chooseReducer} />
      <main>
        <div class="controls">
          {needsStudents && (
            <StudentPicker
              classes={classes}
              chosen={chosenClass?.id ?? null}
              onChoose={chooseClass}
              typed={typed}
              onType={setTyped}
            />
          )}
          <ScopeFields
            names={names}
            values={fields}
            onChange={(name, value) => setFields({ ...fields, [name]: value })}
          />
        </div>
        {!hasWhom && (
          <Notice title={chosenClass === undefined ? 'Whose states?' : 'This class has no students'}>
            {chosenClass === undefined && <p>No classes are set up. Name some students by their ids.</p>}
          </Notice>
        )}
        {hasWhom && missing.length > 0 && <Notice title={`This reducer also needs ${missing.join(', ')}`} />}
        {hasWhom && missing.length === 0 && (
          <LiveView reducer={reducer} students={students} fields={fields} />
        )}
      </main>
    </div>
  );
}

export function App() {
  const loaded = useOverview();
  return (
    <>
      <header class="top">
        <span class="brand">Lectern</span>
      </header>
      {loaded === null && <Notice title="Loading" />}
      {loaded !== null && 'problem' in loaded && (
        <Notice title="The service cannot be reached; trying again" isError={true}>
          <p>{loaded.problem}</p>
        </Notice>
      )}
      {loaded !== null && 'overview' in loaded && <Dashboard overview={loaded.overview} />}
    </>
  );
}
