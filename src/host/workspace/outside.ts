import path from 'node:path';
import type * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { filePath, type FilePath } from '../../base/place.js';
import { OUTSIDE, type Reach } from '../../base/reach.js';
import type { Client } from '../../protocol/channel.js';
import type { RunnerApi } from '../../protocol/runner.js';
import { traitsOf } from '../../protocol/traits.js';

/** What a person has said about a file outside the workspace. */
type Answer = 'read' | 'leave';

/** Where the workspace's memory holds the answers, by path. */
const KEY = 'filesOutside';

/** More files than these are not asked about for one request. */
const MOST_QUESTIONS = 16;

export const READ = 'Read It';
export const LEAVE = 'Leave It';

export interface OutsideOptions {
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  readonly roots: () => readonly FilePath[];
  readonly trusted: () => boolean;
  /** Asks a modal question; answers a title, or nothing where it was dismissed. */
  readonly ask: (text: string, detail: string, ...titles: readonly string[]) => Thenable<string | undefined>;
}

/**
 * Files that a model's own files name outside the workspace: each is asked about once, and the answer remembered for the
 * workspace. In one that is not trusted nobody is asked and nothing outside is read. The runner holds to what it is told
 * with every request, and refuses what nobody has decided about; that refusal becomes the question.
 */
export class FilesOutside {
  private readonly asking = new Map<string, Promise<void>>();
  /** Dismissed questions: left alone until the window closes. */
  private readonly dismissed = new Set<string>();

  constructor(private readonly options: OutsideOptions) {}

  reach(): Reach {
    const { roots, trusted } = this.options;
    const answers = Object.entries(this.answers());
    const those = (wanted: Answer): FilePath[] =>
      answers.flatMap(([file, answer]) => (answer === wanted ? [filePath(file)] : []));
    return {
      roots: roots(),
      allowed: trusted() ? those('read') : [],
      left: [...those('leave'), ...[...this.dismissed].map((file) => filePath(file))],
      trusted: trusted(),
    };
  }

  /** Takes all answers back. */
  async forget(): Promise<void> {
    this.dismissed.clear();
    await this.options.memory.update(KEY, undefined);
  }

  /** A client whose requests about models say how far their files may reach; what the runner refuses for that is asked. */
  over(client: Client<RunnerApi>): Client<RunnerApi> {
    return new Proxy(client, {
      get: (target, name, receiver) => {
        const operation: unknown = Reflect.get(target, name, receiver);
        if (typeof name !== 'string' || typeof operation !== 'function') return operation;
        const run = operation as (request: unknown, options: unknown) => Promise<unknown>;
        return (request: unknown, options: unknown): Promise<unknown> => this.call(name, run, request, options);
      },
    });
  }

  private async call(
    name: string,
    run: (request: unknown, options: unknown) => Promise<unknown>,
    request: unknown,
    options: unknown,
  ): Promise<unknown> {
    if (typeof request !== 'object' || request === null || !('model' in request)) return run(request, options);
    for (let asked = 0; ; asked++) {
      try {
        return await run({ ...request, reach: this.reach() }, options);
      } catch (error) {
        if (!(error instanceof LensError) || error.code !== OUTSIDE) throw error;
        // Lists and trees ask for many models, of their own accord: the question waits until one is opened.
        if (traitsOf(name)?.light === true || asked === MOST_QUESTIONS) throw error;
        for (const file of error.files ?? []) await this.decide(file, String(request.model));
      }
    }
  }

  /** Asks about a file, once for all who want to know at the same time. */
  private decide(file: string, model: string): Promise<void> {
    let question = this.asking.get(file);
    if (question === undefined) {
      question = this.question(file, model).finally(() => this.asking.delete(file));
      this.asking.set(file, question);
    }
    return question;
  }

  private async question(file: string, model: string): Promise<void> {
    const answer = await this.options.ask(
      `The files of ${path.basename(model)} name a file outside the workspace. Read it?`,
      file,
      READ,
      LEAVE,
    );
    if (answer === undefined) {
      this.dismissed.add(file);
      return;
    }
    await this.options.memory.update(KEY, { ...this.answers(), [file]: answer === READ ? 'read' : 'leave' });
  }

  private answers(): Readonly<Record<string, Answer>> {
    return this.options.memory.get<Readonly<Record<string, Answer>>>(KEY) ?? {};
  }
}
