import { execFileSync } from 'node:child_process';

/** Runs npm quietly in another folder, without what an outer `npm run` says about itself, and without install scripts. */
export function npm(args, cwd) {
  const own = /^(npm_(package|lifecycle|command|execpath|node_execpath|config_(local_)?prefix)|INIT_CWD)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const stdio = ['ignore', 'ignore', 'inherit'];
  execFileSync('npm', [...args, ...quiet], { cwd, env, stdio, shell: process.platform === 'win32' });
}
