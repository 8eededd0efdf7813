// node test/e2e/support/look.mjs [--theme dark|light|hc|hc-light] [--steps FILE.mjs] [--folder PATH] [--size 1400x900]
// Opens the workbench on the packaged extension and the demo workspace, runs the steps, and leaves pictures in
// out/screenshots. FILE.mjs: export default async ({ page, srv, ui, shot }) => { … await shot('explain'); }
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createDemo } from '../../../.build/demo.mjs';
import { setup } from '../../host/setup.mjs';

const text = (value) => ({ type: 'string', ...(value && { default: value }) });
const options = { theme: text('dark'), steps: text(), folder: text(), size: text('1400x900') };
const { theme, steps, folder, size } = parseArgs({ options }).values;
const [width, height] = size.split('x').map(Number);

setup();
const { findTheme, installVsix, newPage, startBrowser, startServer, temporaryRoot } =
  await import('../../host/host.mjs');
const ui = await import('./ui.mjs');
const root = temporaryRoot();
const srv = await startServer({
  root,
  extensions: installVsix('out/onnx-lens.vsix', root),
  folder: folder && path.resolve(folder),
  settings: { 'workbench.colorTheme': findTheme(theme).id },
});
if (!folder) createDemo(srv.ws);
const browser = await startBrowser();
const page = await newPage(browser, { width, height });
const shot = async (name) => console.log(await ui.screenshot(page, `${name}-${theme}`));
try {
  await ui.openWorkbench(page, srv.url());
  if (steps) await (await import(path.resolve(steps))).default({ page, srv, ui, shot });
  else await shot('workbench');
} catch (error) {
  process.exitCode = 1;
  console.error(error);
  await shot('broken');
} finally {
  await browser.close();
  await srv.stop();
}
