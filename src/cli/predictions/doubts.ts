import { onOneLine } from '../io.js';
import type { Doubt } from '../../result/doubt.js';

/** Why answers may be wrong, a line each, right below their table; a doubt about all inputs is said once. */
export function doubtLines(results: readonly { readonly input: string; readonly doubts?: readonly Doubt[] }[]): string {
  const inputs = new Map<string, string[]>();
  for (const { input, doubts = [] } of results) {
    for (const { short, sentence } of doubts) {
      const text = onOneLine(`${short}: ${sentence}`);
      inputs.set(text, [...(inputs.get(text) ?? []), onOneLine(input)]);
    }
  }
  return [...inputs]
    .map(([text, of]) => {
      const others = of.length > 1 ? ` and ${of.length - 1} more` : '';
      return of.length === results.length ? `! ${text}\n` : `! ${of[0]}${others}: ${text}\n`;
    })
    .join('');
}
