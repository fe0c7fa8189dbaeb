import type { ModuleInfo } from './api.ts';

interface ModuleListProps {
  readonly modules: readonly ModuleInfo[];
  /** The id of the reducer that is shown. */
  readonly chosen: string | null;
  readonly onChoose: (reducerId: string) => void;
}

/** Every module with its reducers; a reducer is chosen by a click. */
export function ModuleList({ modules, chosen, onChoose }: ModuleListProps) {
  return (
    <nav class="modules" aria-label="Modules and their reducers">
      {modules.map((module) => (
        <section key={module.name}>
          <h2>
            {module.name} <span class="version">v{module.version}</span>
          </h2>
          <ul>
            {module.reducers.map((reducer) => (
              <li key={reducer.id}>
                <button
                  type="button"
                  class="reducer"
                  aria-current={reducer.id === chosen ? 'true' : undefined}
                  onClick={() => onChoose(reducer.id)}
                >
                  <span class="reducer-name">{reducer.id.slice(module.name.length + 1)}</span>
                  <span class="reducer-scope">per {reducer.scope.join(', ').toLowerCase()}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}
