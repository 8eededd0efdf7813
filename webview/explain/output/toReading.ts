/** What the list of readings of an output is called, and found by. */
export const READING_LIST = 'How to read the output';

/** To that list; for the button of a failure. */
export function toReading(): void {
  document.querySelector<HTMLElement>(`[aria-label="${READING_LIST}"]`)?.focus();
}
