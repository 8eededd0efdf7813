/** The settings `files.exclude` and `search.exclude` as one glob. */

/**
 * One pattern that matches whatever the settings exclude, `node_modules` included. Entries with a condition
 * (`{ "when": … }`) depend on sibling files and are left out.
 */
export function excludeGlob(...settings: readonly (Readonly<Record<string, unknown>> | undefined)[]): string {
  const patterns = settings.flatMap((setting) =>
    Object.entries(setting ?? {}).flatMap(([glob, value]) => (value === true ? [glob] : [])),
  );
  const flat = new Set(['**/node_modules', ...patterns].flatMap(expandBraces).filter((glob) => !glob.includes(',')));
  return `{${[...flat].join(',')}}`;
}

/** Alternatives written out: groups do not nest in the search tool behind the editor. */
export function expandBraces(glob: string): string[] {
  const group = /\{([^{}]*)\}/.exec(glob);
  if (group === null) return [glob];
  const [before, after] = [glob.slice(0, group.index), glob.slice(group.index + group[0].length)];
  return group[1]!.split(',').flatMap((alternative) => expandBraces(before + alternative + after));
}
