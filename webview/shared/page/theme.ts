/** Colours for what is drawn on a canvas, from the theme's own variables. */
export interface CanvasColors {
  readonly crosshair: string;
  readonly crosshairEdge: string;
  readonly highContrast: boolean;
  readonly dark: boolean;
}

export function canvasColors(): CanvasColors {
  const { classList } = document.body;
  const style = getComputedStyle(document.body);
  const variable = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const highContrast = classList.contains('vscode-high-contrast') || classList.contains('vscode-high-contrast-light');
  const dark = classList.contains('vscode-dark') || (highContrast && !classList.contains('vscode-high-contrast-light'));
  return {
    crosshair: variable(highContrast ? '--vscode-contrastActiveBorder' : '--vscode-focusBorder', '#0078d4'),
    // Around the crosshair, so that it is seen on any picture.
    crosshairEdge: dark ? '#000' : '#fff',
    highContrast,
    dark,
  };
}

/** Calls back when the theme has changed. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => observer.disconnect();
}
