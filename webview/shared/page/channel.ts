import { Channel, type Client, type Handlers, type Port } from '../../../src/protocol/channel.js';
import type { KeepApi } from '../../../src/protocol/kept.js';
import { editor } from './state.js';

/** A message of the channel, as far as its way is concerned. */
interface Numbered {
  readonly lens: 'call' | 'cancel' | 'progress' | 'reply' | 'error';
  readonly id: number;
}

/**
 * Messages to and from the extension host. The page of a hidden tab is thrown away and made anew, while the host goes on
 * answering: calls are therefore numbered from a random beginning, and answers to a former page are dropped.
 */
function pagePort(): Port {
  const beginning = 2 ** 20 * (1 + Math.floor(Math.random() * 2 ** 31));
  const ours = (id: number): boolean => id > beginning && id < beginning + 2 ** 20;
  return {
    post: (message) => {
      const { lens, id } = message as Numbered;
      editor.postMessage(
        lens === 'call' || lens === 'cancel' ? { ...(message as Numbered), id: id + beginning } : message,
      );
    },
    listen: (onMessage) =>
      window.addEventListener('message', (event: MessageEvent<unknown>) => {
        const message = event.data as Numbered | null;
        if (typeof message !== 'object' || message === null || !('lens' in message)) return;
        if (message.lens === 'call' || message.lens === 'cancel') onMessage(message);
        else if (ours(message.id)) onMessage({ ...message, id: message.id - beginning });
      }),
  };
}

/** The extension host's operations, while `handlers` serve what it asks of the panel. Once per webview. */
export function connect<Host, Panel>(handlers: Handlers<Panel>): Client<Host & KeepApi> {
  return new Channel<Host & KeepApi, Panel>(pagePort(), handlers).client;
}
