import { z } from 'zod';
import { type Authorize, createBasicAuthorize, createBearerAuthorize } from './authorize.ts';

const MAX_SECRETS = 1_000;

/** Texts by lines or commas, each of a form. */
function secrets(form: RegExp, message: string) {
  return z
    .string()
    .transform((text) => text.split(/[\n,]/).flatMap((line) => line.trim() || []))
    .refine((all) => all.every((secret) => form.test(secret)), message)
    .refine((all) => all.length <= MAX_SECRETS, `may have at most ${MAX_SECRETS}`)
    .default([]);
}

/** The variables that say who may send statements and envelopes. Messages quote nothing: the values are secrets. */
export const standardSendersShape = {
  LECTERN_XAPI_CREDENTIALS: secrets(
    /^[^:]+:.+$/,
    'each must be <user>:<password>, by lines or commas; so neither can have a comma in it',
  ),
  LECTERN_CALIPER_TOKENS: secrets(
    /^[A-Za-z0-9._~+/-]+=*$/,
    'each must be a token of letters, digits and ._~+/-, by lines or commas',
  ),
};

/** Who may send by a standard. */
export interface StandardSenders {
  readonly xapi: Authorize;
  readonly caliper: Authorize;
}

export interface StandardSendersConfig {
  readonly LECTERN_XAPI_CREDENTIALS: readonly string[];
  readonly LECTERN_CALIPER_TOKENS: readonly string[];
}

/** `open`: whether anybody may send where nothing is configured, as only this machine can reach the port. */
export function standardSendersOf(config: StandardSendersConfig, open: boolean): StandardSenders {
  return {
    xapi: createBasicAuthorize(config.LECTERN_XAPI_CREDENTIALS, open),
    caliper: createBearerAuthorize(config.LECTERN_CALIPER_TOKENS, open),
  };
}
