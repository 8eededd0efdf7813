import { visibleRows } from './search.js';

/** What lists have in common that are searched with a field above them: their keys, and the rows that exist. */

/** Height of a row in pixels, and how many are seen at once. */
export const [ROW, ROWS] = [22, 10];

/** A list that keys move in. */
export interface KeyedList {
  readonly open: boolean;
  /** The row that the keys are at; -1: none yet. */
  readonly at: number;
  readonly count: number;
  /** Rows of a Page Up or Down. */
  readonly page?: number;
  /** Left out where the field is there only while the list is. */
  show?(): void;
  goTo(row: number): void;
  choose(row: number): void;
  close(): void;
}

/** Arrow keys and Page Up / Down move, Enter chooses, Escape closes; the first three and F4 open. Others are the field's. */
export function onListKey(event: KeyboardEvent, list: KeyedList): void {
  const { at, count, page = ROWS } = list;
  if (!list.open) {
    if (list.show === undefined || !['ArrowDown', 'ArrowUp', 'Enter', 'F4'].includes(event.key)) return;
    list.show();
    event.preventDefault();
    return;
  }
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page }[event.key];
  if (to !== undefined) list.goTo(Math.max(0, Math.min(count - 1, to)));
  else if (event.key === 'Enter') list.choose(at);
  else if (event.key === 'Escape') list.close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** The rows that exist of a list of rows of {@link ROW}: those in sight, and the active one, which a screen reader must find. */
export function rowsThatExist<T>(
  found: readonly T[],
  active: number,
  offset: number,
): readonly { readonly entry: T; readonly at: number }[] {
  const [first, end] = visibleRows(found.length, ROW, offset, ROW * ROWS);
  const rows = found.slice(first, end).map((entry, i) => ({ entry, at: first + i }));
  const entry = found[active];
  if (entry !== undefined && (active < first || active >= end)) rows.push({ entry, at: active });
  return rows;
}

/** Scrolls a row into sight, no further than needed or to the middle; the answer is how far the list is scrolled then. */
export function scrollToRow(list: HTMLElement, row: number, where: 'near' | 'middle' = 'near'): number {
  const top = ROW * row;
  if (where === 'middle') list.scrollTop = top - (ROW * (ROWS - 1)) / 2;
  else if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  return list.scrollTop;
}

/** Opens a popup upward where there is no room for it below its field. The answer is the room that it has, in pixels. */
export function placePopup(field: HTMLElement, popup: HTMLElement, wanted = popup.offsetHeight + 4): number {
  const box = field.getBoundingClientRect();
  const below = document.documentElement.clientHeight - box.bottom;
  const above = below < wanted && box.top > below;
  popup.classList.toggle('above', above);
  return above ? box.top : below;
}
