/**
 * Two texts that name a file and must not be taken for one another. The compiler holds them apart; at run time both are
 * plain strings, so they travel and are stored as such.
 */
declare const kind: unique symbol;

/** A path of the machine that the runner works on, as its file system takes it: `/data/cat.png`, `C:\data\cat.png`. */
export type FilePath = string & { readonly [kind]: 'path' };

/** A file's URI as text, as the editor writes it: `file:///data/cat.png`, `vscode-remote://wsl/data/cat.png`. */
export type Address = string & { readonly [kind]: 'address' };

/** Takes a text for a path: where one comes in from the command line, a dialog, or the editor's `fsPath`. An address is none. */
export const filePath = <T extends string>(text: T extends Address ? never : T): FilePath => text as string as FilePath;

/** Takes a text for an address: where one comes in from the editor's `Uri.toString()` or from storage. A path is none. */
export const address = <T extends string>(text: T extends FilePath ? never : T): Address => text as string as Address;
