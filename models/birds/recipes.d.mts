/** Types of `recipes.mjs`, for the tests. */
import type { Planned } from './sets.mjs';

export interface Training {
  title: string;
  net: string;
  set: string;
  seed: number;
  first?: string;
  params: Record<string, string | number | boolean>;
}
export const sets: Record<string, Planned[]>;
export const nets: Record<string, object>;
export const trainings: Record<string, Training>;
