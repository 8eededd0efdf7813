import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { readDescription } from '../../job/description.js';
import { parseCommandLine, usage } from '../options.js';
import type { Verb } from '../verb.js';

/**
 * The parts that shares have left, as the result of one run: the same verb over the same words, which finds all its units
 * done and runs nothing.
 *
 * @param verbs those that can be jobs
 */
export function merge(verbs: readonly Verb[]): Verb {
  return {
    name: 'merge',
    usage: 'merge FOLDER',
    summary: 'the parts that --shard left in a job folder, as the result of one run',
    options: ['out', 'threads'],
    async run(context) {
      const { line } = context;
      const [given, more] = line.arguments;
      if (given === undefined || more !== undefined)
        throw usage('The verb "merge" needs the folder of a job.', 'onnx-lens merge FOLDER');
      const folder = path.resolve(given);
      const job = await readDescription(folder);
      if (job === undefined) {
        throw new LensError('usage', 'job/none', `No job has begun in "${folder}".`, {
          hint: 'Name the folder that was given as --job.',
        });
      }
      const out = line.out === undefined ? undefined : path.resolve(line.out);
      enter(job.folder);
      const words = parseCommandLine(job.argv);
      const verb = verbs.find((v) => v.name === words.verb);
      if (verb === undefined)
        throw new LensError('input', 'job/damaged', `The job in "${folder}" is "${words.verb}", which is no job.`);
      const own = { ...words, json: line.json || words.json, ...(out === undefined ? {} : { out }) };
      return verb.run({ ...context, line: own, merging: folder });
    },
  };
}

/** The words of a job are about the folder in which they were said. */
function enter(folder: string): void {
  if (path.resolve(folder) === process.cwd()) return;
  try {
    process.chdir(folder);
  } catch (cause) {
    throw new LensError('input', 'job/place', `The job was begun in "${folder}", which is not there.`, {
      hint: 'Merge it where its pictures and its model lie at the same paths.',
      cause,
    });
  }
}
