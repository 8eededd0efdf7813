import { LensError, type ErrorData } from '../../src/base/errors.js';

/** What an answer or a refusal must not be, whatever was asked. */

/** A person reads a sentence, not a page: the longest of the product's own are half as long. */
const MOST_LETTERS = 600;

/** Why an error is none that was foreseen, or not in words for people; empty where it is as it should be. */
export function faultsOfError(error: unknown): string[] {
  if (!(error instanceof LensError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [`a bug: ${stack}`];
  }
  if (error.code.startsWith('runner/')) return [`the process: ${error.message}`];
  return faultsOfTexts(error);
}

function faultsOfTexts({ message, hint, code }: Pick<ErrorData, 'message' | 'hint' | 'code'>): string[] {
  return [
    ...faultsOfSentence(message).map((fault) => `${code} ${fault}`),
    ...(hint === undefined ? [] : faultsOfSentence(hint).map((fault) => `the hint of ${code} ${fault}`)),
  ];
}

function faultsOfSentence(text: string): string[] {
  const shown = JSON.stringify(text.length > 300 ? `${text.slice(0, 200)} … ${text.slice(-100)}` : text);
  const found: string[] = [];
  if (/\n\s+at |node_modules|\.ts:\d+/.test(text.replace(/"[^"]*"/g, ''))) found.push(`holds a stack: ${shown}`);
  if (text.length > MOST_LETTERS) found.push(`has ${text.length} letters: ${shown}`);
  if (/[\n\0]/.test(text) || !/[.!?:)"']$/.test(text.trim())) found.push(`is no sentence: ${shown}`);
  if (/\[object |\bundefined\b/.test(text.replace(/"[^"]*"/g, ''))) found.push(`says nothing: ${shown}`);
  return found;
}

/** What is wrong with an answer: bugs among the results of many inputs, probabilities that are none, remarks that are no sentences. */
export function faultsOfAnswer(answer: unknown): string[] {
  const found = new Set<string>();
  const seen = new Set<object>();
  const visit = (value: unknown, key: string): void => {
    if (key === 'probability' && value !== undefined && !(typeof value === 'number' && value >= 0 && value <= 1))
      found.add(`a probability is ${JSON.stringify(value) ?? typeof value}`);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    if (key === 'error' && 'kind' in value && 'message' in value) {
      const error = value as ErrorData;
      if (error.kind === 'bug') found.add(`a bug: ${error.stack ?? error.message}`);
      else for (const fault of faultsOfTexts(error)) found.add(fault);
      return; // what caused it is the original, for the log
    }
    if ((key === 'warnings' || key === 'notes') && Array.isArray(value)) {
      for (const text of value)
        if (typeof text === 'string') for (const fault of faultsOfSentence(text)) found.add(`a remark ${fault}`);
      return;
    }
    if (Array.isArray(value)) for (const each of value) visit(each, '');
    else for (const [name, each] of Object.entries(value)) visit(each, name);
  };
  visit(answer, '');
  return [...found];
}

/** Whether every single input of an answer has a result. */
export function answered(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const { results } = answer as { readonly results?: readonly object[] };
  return results === undefined || (results.length > 0 && results.every((each) => 'result' in each));
}
