/** A series of checkpoints: names that are alike but for one number. */

export interface SeriesFile {
  readonly name: string;
  readonly step: number;
}

/**
 * The files that belong to the same training as `name`: equal but for the last number of the name (`epoch_3.onnx`,
 * `epoch_10.onnx`), by that number. Only `name` itself where it has no number.
 */
export function seriesOf(name: string, files: readonly string[]): readonly SeriesFile[] {
  const own = split(name);
  if (own === undefined) return [{ name, step: 0 }];
  return [...new Set([name, ...files])]
    .flatMap((file) => {
      const parts = split(file);
      return parts?.before === own.before && parts.after === own.after ? [{ name: file, step: parts.step }] : [];
    })
    .sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
}

function split(name: string): { readonly before: string; readonly step: number; readonly after: string } | undefined {
  const match = /^(.*?)(\d+)(\D*\.onnx)$/i.exec(name);
  return match === null ? undefined : { before: match[1]!, step: Number(match[2]), after: match[3]!.toLowerCase() };
}
