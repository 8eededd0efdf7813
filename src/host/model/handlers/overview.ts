import type { Disposables } from '../../../base/disposable.js';
import type { Call } from '../../../protocol/channel.js';
import type { WorkProgress } from '../../../protocol/request.js';
import type { Overview } from '../../../result/overview.js';
import type { Chapter, EditorRoom } from '../room.js';

/**
 * What the file says. It is asked for at once: the runner starts and reads the file while the editor builds the page,
 * which takes as long.
 *
 * @param read told what was read, before the page has it
 */
export function overviewHandlers(
  { document, ask }: EditorRoom,
  disposables: Disposables,
  read: (overview: Overview) => void,
): Chapter<'overview'> {
  const abort = new AbortController();
  disposables.onDispose(() => abort.abort());
  const { version } = document.status;
  const call: Call<WorkProgress> = { signal: abort.signal, progress: () => undefined };
  // What fails is asked again by the page, which says why.
  let early: Promise<Overview | undefined> | undefined = ask('overview', {}, call).catch(() => undefined);

  /** What was read early, once, if it is still of the file as it is. */
  const takeEarly = async (signal: AbortSignal): Promise<Overview | undefined> => {
    const answer = version === document.status.version ? early : undefined;
    early = undefined;
    if (answer === undefined) return undefined;
    const stop = (): void => abort.abort();
    signal.addEventListener('abort', stop, { once: true });
    const overview = await answer;
    signal.removeEventListener('abort', stop);
    return overview;
  };

  return {
    overview: async (request, { signal, progress }) => {
      const overview = (await takeEarly(signal)) ?? (await ask('overview', request, { signal, progress }));
      read(overview);
      document.belongs(overview.externalFiles);
      return overview;
    },
  };
}
