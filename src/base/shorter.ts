/** At most so many characters, left out in the middle: what a long text is about stands at its beginning, why at its end. */
export function shorter(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.floor((most - 1) / 3);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

/** Longer than any sentence of ours, without what it quotes. */
const MOST_LETTERS = 500;

/** A text that quotes names and values of files, as one line that a person can read: they hold anything, at any length. */
export function asSentence(text: string): string {
  return shorter(text.replace(/[\s\p{Cc}]+/gu, ' ').trim(), MOST_LETTERS);
}
