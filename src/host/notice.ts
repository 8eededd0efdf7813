import { isCancelled, LensError } from '../base/errors.js';

/** A button of a notification. */
export interface Action {
  readonly title: string;
  readonly command: string;
  readonly args?: readonly unknown[];
}

const SHOW_LOG: Action = { title: 'Show Log', command: 'onnxLens.showLog' };
const RESTART: Action = { title: 'Restart Runner', command: 'onnxLens.restartRunner' };
const FIRST_STEPS: Action = { title: 'First Steps', command: 'onnxLens.openWalkthrough' };
const settingAction = (id: string): Action => ({
  title: 'Open Setting',
  command: 'workbench.action.openSettings',
  args: [id],
});

/** Which buttons help, by the error's code; the longest prefix wins. */
const ACTIONS: Readonly<Record<string, readonly Action[]>> = {
  'runner/': [SHOW_LOG],
  'runner/start': [settingAction('onnxLens.runner.nodePath'), SHOW_LOG],
  'runner/resting': [RESTART, SHOW_LOG],
  'models/none': [{ title: 'Add the Example Model', command: 'onnxLens.addExampleModel' }, FIRST_STEPS],
  'workspace/untrusted': [{ title: 'Manage Trust', command: 'workbench.trust.manage' }],
  'cuda/feed': [settingAction('onnxLens.cuda.feed'), SHOW_LOG],
  'session/provider-cuda': [
    { title: 'Set Up CUDA', command: 'onnxLens.setUpCuda' },
    { title: 'Select Provider', command: 'onnxLens.selectProvider' },
  ],
  'session/provider': [{ title: 'Select Provider', command: 'onnxLens.selectProvider' }, SHOW_LOG],
};

/** What is shown for an error; nothing for a cancellation. */
export interface Notice {
  readonly text: string;
  readonly severity: 'warning' | 'error';
  readonly actions: readonly Action[];
}

/** The sentence and the buttons for an error. What was not foreseen is a bug of ours and says so. */
export function noticeOf(error: unknown): Notice | undefined {
  if (isCancelled(error)) return undefined;
  if (!(error instanceof LensError)) {
    const what = error instanceof Error ? error.message : String(error);
    return { text: `Something unexpected happened: ${what}`, severity: 'error', actions: [SHOW_LOG] };
  }
  const prefix = Object.keys(ACTIONS)
    .filter((each) => error.code.startsWith(each))
    .sort((a, b) => b.length - a.length)[0];
  return {
    text: error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
    severity: error.kind === 'runtime' ? 'error' : 'warning',
    actions: prefix === undefined ? [] : ACTIONS[prefix]!,
  };
}
