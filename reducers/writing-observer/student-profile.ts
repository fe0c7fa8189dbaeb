import { studentEventReducer, unchanged } from 'lectern/reducers';

interface Profile {
  readonly email: string | null;
  readonly google_id: string | null;
}

const nullState: Profile = { email: null, google_id: null };

/** What is known of a student: the address that the browser is signed in with, and the id that the gateway found. */
export const studentProfile = studentEventReducer({ nullState }, function studentProfile({ client }, state) {
  const { email } = (client.chrome_identity ?? {}) as { readonly email?: unknown };
  const profile = {
    email: typeof email === 'string' ? email : null,
    google_id: client.auth.safe_user_id,
  };
  return profile.email === state.email && profile.google_id === state.google_id ? unchanged : profile;
});
