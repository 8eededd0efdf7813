import { Channel, type Client, type Handlers, type Port } from '../../src/protocol/channel.js';
import { editor } from './state.js';

/** Messages to and from the extension host. */
function windowPort(): Port {
  return {
    post: (message) => editor.postMessage(message),
    listen: (onMessage) => window.addEventListener('message', (event: MessageEvent<unknown>) => onMessage(event.data)),
  };
}

/** The extension host's operations, while `handlers` serve what it asks of the panel. Once per webview. */
export function connect<Host, Panel>(handlers: Handlers<Panel>): Client<Host> {
  return new Channel<Host, Panel>(windowPort(), handlers).client;
}
