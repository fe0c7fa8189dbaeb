import { studentEventReducer } from 'lectern/reducers';

export const studentEventCounter = studentEventReducer(
  { nullState: { count: 0 } },
  function studentEventCounter(_event, state) {
    return { count: state.count + 1 };
  },
);
