import type { ReactiveController } from 'lit';
import { onThemeChange } from './theme.js';

/** Draws a canvas anew when its element changes its size or the editor its theme, while the element is in the page. */
export function redrawing(element: Element, draw: () => void): ReactiveController {
  let stopTheme: (() => void) | undefined;
  let resize: ResizeObserver | undefined;
  return {
    hostConnected: () => {
      stopTheme = onThemeChange(draw);
      resize = new ResizeObserver(draw);
      resize.observe(element);
    },
    hostDisconnected: () => {
      stopTheme?.();
      resize?.disconnect();
    },
  };
}
