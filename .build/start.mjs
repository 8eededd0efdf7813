// npm start [-- --port N --folder PATH]: opens the real workbench on the packaged extension and a demo workspace.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '../test/host/setup.mjs';
import { createDemo } from './demo.mjs';

const options = { port: { type: 'string', default: '0' }, folder: { type: 'string' } };
const { port, folder } = parseArgs({ options }).values;
if (folder && !fs.existsSync(folder)) {
  console.error(`There is no folder ${folder}.`);
  process.exit(2);
}

setup();
const { installVsix, startServer, temporaryRoot } = await import('../test/host/host.mjs');
const root = temporaryRoot();
const workspace = folder ? path.resolve(folder) : path.join(root, 'demo');
if (!folder) createDemo(workspace);
const srv = await startServer({
  root,
  extensions: installVsix('out/onnx-lens.vsix', root),
  folder: workspace,
  port: Number(port),
  settings: { 'workbench.startupEditor': 'readme' },
});
console.log(`\nONNX Lens is open on ${workspace}\n\n    ${srv.url()}\n\nCtrl-C ends it.`);

let ending = false;
const end = async () => {
  if (ending) return;
  ending = true;
  await srv.stop();
  process.exit(0);
};
process.on('SIGINT', end).on('SIGTERM', end);
await srv.gone;
if (!ending) {
  console.error(`The workbench server ended by itself:\n${fs.readFileSync(srv.logFile, 'utf8')}`);
  process.exit(1);
}
