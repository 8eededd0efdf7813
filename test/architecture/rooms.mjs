// Folders within a room: chapters that know each other both ways are one chapter in two places.

/**
 * Imports by which folders of a room import each other, directly or by way of others, types included. The files at a room's
 * top are one folder; those that compose a room's chapters are left out, as knowing all of them is what they are for.
 *
 * @param imports pairs of files: who imports and what is imported
 * @param rooms by folder (`src/graph`) the names of its composing files
 */
export function circlesOfFolders(imports, rooms) {
  return Object.entries(rooms).flatMap(([room, composing]) => {
    const chapter = (file) => {
      if (!file.startsWith(`${room}/`)) return undefined;
      const inside = file.slice(room.length + 1);
      if (composing.includes(inside)) return undefined;
      return inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : '.';
    };
    const known = new Map();
    for (const [from, to] of imports) {
      const [a, b] = [chapter(from), chapter(to)];
      if (a === undefined || b === undefined || a === b) continue;
      if (!known.has(a)) known.set(a, new Map());
      if (!known.get(a).has(b)) known.get(a).set(b, `${from} -> ${to}`);
    }
    const reaches = (from, to) => {
      const open = [from];
      for (const at of open)
        for (const next of known.get(at)?.keys() ?? []) {
          if (next === to) return true;
          if (!open.includes(next)) open.push(next);
        }
      return false;
    };
    return [...known].flatMap(([a, others]) =>
      [...others].filter(([b]) => reaches(b, a)).map(([b, example]) => `${room}: ${a} -> ${b} (${example})`),
    );
  });
}
