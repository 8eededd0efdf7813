/** Keys belong to the control that takes text, also inside the toolkit's shadow roots. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    (target instanceof HTMLInputElement && target.type !== 'range' && target.type !== 'checkbox') ||
    target.getAttribute('role') === 'combobox'
  );
}
