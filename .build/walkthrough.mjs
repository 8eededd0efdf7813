// node .build/walkthrough.mjs: writes the walkthrough's picture of an explanation from a run of the shipped model, so that it
// shows what a person will see. Needs `npm run build`. What it writes is committed; run it when the model or a method changes.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';

const model = 'models/birds/birds_cnn.onnx';
const picture = 'models/birds/pictures/Lanternfinch/lanternfinch-3000006.png';
const method = { id: 'gradient', title: 'Gradient' };
const side = 200;
const bar = 180;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'walkthrough-'));
const ask = (verb, ...more) => {
  const args = ['dist/cli.js', verb, model, picture, ...more, '--provider', 'cpu', '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 }));
};

const { top } = ask('predict').results[0];
ask('explain', '--method', method.id, '--out', folder);
const overlay = fs.readdirSync(folder).find((name) => name.endsWith('.png'));
const heat = await sharp(path.join(folder, overlay))
  .resize(2 * side, 2 * side, { kernel: 'nearest' })
  .png({ palette: true })
  .toBuffer();
fs.rmSync(folder, { recursive: true });

const text = (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const dim = 'var(--vscode-descriptionForeground, #888)';
const ink = 'var(--vscode-foreground, #888)';
const classes = top.slice(0, 3).map(({ label, probability }, i) => {
  const y = 84 + 32 * i;
  const width = Math.max(1, bar * probability).toFixed(1);
  return `<text x="236" y="${y}">${text(label)}</text><text x="416" y="${y}" text-anchor="end" fill="${dim}">${probability.toFixed(4)}</text><rect x="236" y="${y + 7}" width="${width}" height="5" rx="2" fill="var(--vscode-charts-blue, #3794ff)"/>`;
});
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 440 264" font-family="var(--vscode-font-family, sans-serif)" font-size="13" fill="${ink}" color="${ink}">
<rect x="0.5" y="0.5" width="439" height="263" rx="8" fill="var(--vscode-editor-background, #fff)" stroke="var(--vscode-widget-border, #8884)"/>
<text x="16" y="28" font-weight="600">${text(path.basename(picture))} · ${path.parse(model).name}</text><text x="424" y="28" text-anchor="end" fill="${dim}">CPU</text>
<image x="16" y="44" width="${side}" height="${side}" href="data:image/png;base64,${heat.toString('base64')}"/>
<text x="236" y="58" font-weight="600">Predictions</text>
${classes.join('\n')}
<text x="236" y="184" font-size="12" fill="${dim}">click a class to explain it</text>
<rect x="236.5" y="200.5" width="187" height="26" rx="3" fill="var(--vscode-dropdown-background, #fff)" stroke="var(--vscode-dropdown-border, #8886)"/><text x="246" y="218" fill="var(--vscode-dropdown-foreground, ${ink})">${method.title}</text><path d="m403 210 6 6 6-6" fill="none" stroke="currentColor"/>
</svg>
`;
fs.writeFileSync('media/walkthrough/explain.svg', svg);
console.log(
  `media/walkthrough/explain.svg: ${top[0].label} ${top[0].probability.toFixed(4)}, ${svg.length} characters`,
);
