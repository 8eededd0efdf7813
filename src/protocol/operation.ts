/** What is to be known of an operation by those who serve it, call it, or show that it is under way. */
export interface Traits<Request> {
  /**
   * Whether it hands the model to native code, all of it or a part. A model file is a program for that code: where the
   * workspace is not trusted, such a request is refused. A question of the request where only some do so.
   */
  readonly runs: 'never' | 'always' | ((request: Request) => boolean);
  /**
   * `foreground`: a person waits for the answer, and what stands back does so meanwhile. `background`: stands back by
   * itself between its short runs, so that cancelling it is never worth the process. `neither`: takes its time beside both.
   */
  readonly waits: 'foreground' | 'background' | 'neither';
  /** Takes minutes over many pictures: the host sends it to a runner of its own, so that nothing else waits for it. */
  readonly long?: true;
  /** No native code is reached: its process answers a ping at any time, and a lost answer may be asked for again. */
  readonly light?: true;
  /** Before the model's name in the status bar, where it takes long enough to be shown there: "explaining with". */
  readonly title?: string;
  /** Before the model's name when its process has died or hung, "while it was explaining with"; default "reading". */
  readonly doing?: string;
}

/** An operation's description, which also holds its type: nothing stands there when it runs. */
export type Described<Operation> = Traits<RequestIn<Operation>> & { readonly operation?: Operation };

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- the constraint of a conditional type; no value passes through it */
type RequestIn<Operation> = Operation extends (request: infer Q, ...rest: any) => unknown ? Q : never;

/** A chapter's operations: a description of every one, or it does not compile. */
export type Chapter<Operations> = { readonly [K in keyof Operations]: Described<Operations[K]> };
