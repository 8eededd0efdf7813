/** The fields without those that may be undefined, which become optional instead. */
export type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/**
 * The fields that have a value. Under `exactOptionalPropertyTypes` a field that is absent and one that is undefined are
 * two things: `{ model, ...given({ layer, seed }) }` leaves out what was not given.
 */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
