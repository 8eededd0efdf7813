// The demo workspace: the shipped models with their pictures, and a small training script.
import fs from 'node:fs';
import path from 'node:path';

const project = path.resolve(import.meta.dirname, '..');
/** What models/ ships, and the networks' code, in which the models' layers have their source lines; not the recipes. */
const shown = /(?<!tsconfig)\.(onnx|json|txt)$|[/\\]net\.py$|[/\\]pictures[/\\]/;

/** Fills `folder` with the demo workspace. */
export function createDemo(folder) {
  const wanted = (file) => (fs.statSync(file).isDirectory() ? path.basename(file) !== 'nets' : shown.test(file));
  fs.cpSync(path.join(project, 'models'), path.join(folder, 'models'), { recursive: true, filter: wanted });
  fs.cpSync(path.join(project, '.build/demo'), folder, { recursive: true });
}
