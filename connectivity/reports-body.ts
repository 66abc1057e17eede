import Type from 'typebox';
import { limits } from '../domain/limits.js';

/** Each report is judged by itself (readReport): a malformed one keeps none of the others from being taken. */
export const ReportsBodySchema = Type.Object(
  { reports: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.reports }) },
  { additionalProperties: false },
);
