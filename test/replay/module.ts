import type { Module } from '../../services/shared/module.ts';
import { checkModule } from '../../services/shared/module-check.ts';
import {
  appendList,
  eventField,
  KeyField,
  type LearningEvent,
  reducer,
  Scope,
  states,
} from '../../services/shared/reducer-api.ts';

/** A module whose states tell any event that is missing, doubled or out of order, of each kind that a replay must meet. */

export const A = 'test.a';
export const B = 'test.b';

interface Chain {
  count: number;
  chain: number;
}

/** What a test changes while it runs: what once failed works later, what hung does not any more. */
export interface Behaviour {
  /** Reducers refuse events of this number. */
  refuses: (n: number) => boolean;
  /** Asynchronous ones never end for these. */
  hangs: (n: number) => boolean;
}

const numberOf = ({ client }: LearningEvent): number => (client as unknown as { n: number }).n;

function follow(state: Chain, event: LearningEvent): Chain {
  state.chain = (Math.imul(state.chain, 31) + numberOf(event) + 1) | 0;
  state.count += 1;
  return state;
}

export function replayModule(behaviour: Behaviour, version = 1): Module {
  const nullState: Chain = { count: 0, chain: 7 };
  const student = Scope([KeyField.STUDENT]);
  const refuse = (event: LearningEvent): void => {
    if (behaviour.refuses(numberOf(event))) throw new Error('refused on purpose');
  };
  const checked = checkModule({
    NAME: 'told',
    VERSION: version,
    REDUCERS: [
      {
        context: A,
        function: reducer({ name: 'own', nullState, scope: student }, (event, state: Chain) => {
          follow(state, event);
          refuse(event);
          return state;
        }),
      },
      {
        context: A,
        function: reducer(
          { name: 'trail', nullState: [], stateType: appendList, scope: student },
          (event, list) => {
            list.append(`${numberOf(event)}`.padEnd(300, '.'));
            return list;
          },
        ),
      },
      {
        context: B,
        function: reducer(
          { name: 'split', nullState, scope: Scope([KeyField.STUDENT, eventField('doc_id')]) },
          async (event, state: Chain) => {
            if (behaviour.hangs(numberOf(event))) await new Promise(() => undefined);
            return states(follow(state, event), `${state.count} "events"`);
          },
        ),
      },
      {
        context: B,
        function: reducer(
          { name: 'by_class', nullState, scope: Scope([KeyField.CLASS]) },
          (event, state: Chain) => {
            follow(state, event);
            refuse(event);
            return state;
          },
        ),
      },
      {
        context: [A, B],
        function: reducer({ name: 'both', nullState, scope: student }, (event, state: Chain) =>
          follow(state, event),
        ),
      },
    ],
  });
  if (!('module' in checked)) throw new Error(checked.problems.join('\n'));
  return checked.module;
}
