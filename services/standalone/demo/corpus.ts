/** What the demo's students write about and with. */

export const TITLES = [
  'Why rivers bend #science',
  'My summer journal',
  'Should school start later? #essay',
  'The water cycle #science',
  'A letter to the mayor #essay',
  'Book report',
  'The lighthouse, a story',
  'Notes on the moon #science',
] as const;

const SUBJECTS = [
  'the river',
  'a small town',
  'my grandmother',
  'the school',
  'every student',
  'the old lighthouse',
  'a careful reader',
  'the moon',
  'our science class',
  'the weather',
  'a good argument',
  'the writer',
] as const;

const VERBS = [
  'carries',
  'changes',
  'remembers',
  'follows',
  'explains',
  'needs',
  'shapes',
  'questions',
  'protects',
  'describes',
] as const;

const OBJECTS = [
  'the valley below',
  'its own shadow',
  'a long story',
  'more time to think',
  'the people nearby',
  'an idea worth sharing',
  'small stones and sand',
  'the evidence',
  'a different ending',
  'what we learned last week',
] as const;

const LINKS = ['because', 'although', 'while', 'and', 'but then', 'so', 'even when'] as const;

/** Sentences are put together from these, one of each, sometimes two joined by a link. */
export const SENTENCE_PARTS = { SUBJECTS, VERBS, OBJECTS, LINKS } as const;
