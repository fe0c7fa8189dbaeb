import { domainToASCII } from 'node:url';
import { Argument, InvalidArgumentError } from 'commander';
import { ACCESS_BOUNDS, BLOCK_SUBJECTS, type BlockSubject } from '../shared/control/access-record.ts';
import { LecternError } from '../shared/errors.ts';

/** What is blocked: the two arguments of `blocklist add` and `blocklist remove`. */
export const subjectArgument = new Argument('<subject>', 'what is named').choices(BLOCK_SUBJECTS);

export const valueArgument = new Argument(
  '<value>',
  'a source; a domain, of the page or after the @ of a name, with all below it; a safe_user_id such as ls-ls-bob',
).argParser((text: string) => {
  if (text.length === 0 || text.length > ACCESS_BOUNDS.valueChars)
    throw new InvalidArgumentError(`must have 1 to ${ACCESS_BOUNDS.valueChars} characters.`);
  return text;
});

/** The value as records hold it: a domain in its ASCII form. */
export function blockedValue(subject: BlockSubject, value: string): string {
  if (subject !== 'domain') return value;
  const domain = domainToASCII(value);
  if (domain === '' || !/^[^\s@/:]+$/.test(value))
    throw new LecternError(
      'CONFIG_INVALID',
      'the domain must be a name as school.org, without @, port or path',
    );
  return domain;
}
