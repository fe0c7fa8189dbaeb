import { InvalidArgumentError } from 'commander';

/** Who is meant: a `safe_user_id`. */
export function learner(text: string): string {
  if (text === '') throw new InvalidArgumentError('must be a safe_user_id.');
  return text;
}
