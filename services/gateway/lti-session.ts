import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Launch } from './identity.ts';

export const LTI_COOKIE = 'lectern_lti';

/** As many as the signature has: a shorter secret is easier to guess than to forge. */
export const LTI_SECRET_BYTES = 32;

const NAME_CHARS = 200;
const name = z.string().min(1).max(NAME_CHARS);
const claims = z.object({ sub: name, context: name.nullish(), role: name.nullish() });

/** The launch that a session cookie tells of; null when there is none, or it is not signed by us, or over. */
export type LaunchOf = (cookies: Readonly<Record<string, string | undefined>>) => Promise<Launch | null>;

export interface LaunchDeps {
  /** Shared with whoever takes the launch and sets the cookie. Without one no cookie is believed. */
  readonly secret: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Reads the cookie `lectern_lti`: a JWT, HS256, with `sub` (the user's id on the platform), `exp`, and if the platform
 * said so `context` (the class) and `role`. It is looked at once, when a request or upgrade arrives: a socket that was
 * opened in time is not closed when the time is over.
 */
export function createLaunchOf({ secret, now }: LaunchDeps): LaunchOf {
  if (secret === undefined) return async () => null;
  const key = new TextEncoder().encode(secret);
  return async (cookies) => {
    const token = cookies[LTI_COOKIE];
    if (token === undefined) return null;
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(now()),
      });
      const said = claims.safeParse(payload);
      if (!said.success) return null;
      const { sub, context, role } = said.data;
      return { userId: sub, context: context ?? null, role: role ?? null };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}
