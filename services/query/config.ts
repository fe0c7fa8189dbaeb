import { z } from 'zod';
import { commonShape, integer } from '../shared/config.ts';

/** The variables of the query service. */
export const querySchema = z.object({
  ...commonShape,
  LECTERN_PORT: integer(0, 65_535).default(8090),
  /** A JSON file of the classes that the page offers. */
  LECTERN_CLASSES_FILE: z.string().optional(),
});
