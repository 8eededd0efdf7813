import type { Address } from '../base/place.js';
import type { Operation } from './channel.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from './runner.js';

/** Operations of the runner that a page asks for as they are. */

/** A request as a page makes it: which model, and what the settings say of that, is added by the host. */
export type AskedOf<K extends AboutModel> = Addressed<RequestOf<K>>;

/** Files by their addresses, where the runner takes paths. */
type Addressed<Q> = {
  [F in keyof Q]: F extends 'input' ? Address : F extends 'inputs' ? readonly Address[] : Q[F];
};

/** An operation of the runner as a page asks for it. */
export type About<K extends AboutModel> = Operation<AskedOf<K>, AnswerOf<K>, ProgressOf<K>>;

/** Several of them, for the interface of a page's host: `interface HostApi extends Passed<'measure' | 'weights'>`. */
export type Passed<K extends AboutModel> = { [N in K]: About<N> };
