/** A theme as a webview gets it: the class of the body and the variables that the drawings read, of VS Code's own themes. */
export interface Theme {
  readonly kind: string;
  readonly variables: Readonly<Record<string, string>>;
}

const theme = (kind: string, colors: Readonly<Record<string, string>>): Theme => ({
  kind,
  variables: Object.fromEntries(Object.entries(colors).map(([name, color]) => [`--vscode-${name}`, color])),
});

export const THEMES: Readonly<Record<'light' | 'dark' | 'hc', Theme>> = {
  light: theme('vscode-light', {
    'editor-background': '#ffffff',
    'editorWidget-background': '#f8f8f8',
    foreground: '#3b3b3b',
    descriptionForeground: '#3b3b3b',
    focusBorder: '#005fb8',
    'textLink-foreground': '#005fb8',
    'scrollbarSlider-background': '#64646466',
    'list-hoverBackground': '#f2f2f2',
    'charts-blue': '#1a85ff',
    'charts-purple': '#652d90',
    'charts-orange': '#d18616',
    'charts-green': '#388a34',
    'charts-yellow': '#bf8803',
    'charts-foreground': '#3b3b3b',
  }),
  dark: theme('vscode-dark', {
    'editor-background': '#1f1f1f',
    'editorWidget-background': '#202020',
    foreground: '#cccccc',
    descriptionForeground: '#9d9d9d',
    focusBorder: '#0078d4',
    'textLink-foreground': '#4daafc',
    'scrollbarSlider-background': '#79797966',
    'list-hoverBackground': '#2a2d2e',
    'charts-blue': '#3794ff',
    'charts-purple': '#b180d7',
    'charts-orange': '#d18616',
    'charts-green': '#89d185',
    'charts-yellow': '#cca700',
    'charts-foreground': '#cccccc',
  }),
  hc: theme('vscode-high-contrast', {
    'editor-background': '#000000',
    'editorWidget-background': '#0c141f',
    foreground: '#ffffff',
    descriptionForeground: '#ffffff',
    focusBorder: '#f38518',
    contrastBorder: '#6fc3df',
    contrastActiveBorder: '#f38518',
    'textLink-foreground': '#21a6ff',
    'scrollbarSlider-background': '#6fc3df99',
    'list-hoverBackground': '#ffffff1a',
    'charts-blue': '#3794ff',
    'charts-purple': '#b180d7',
    'charts-orange': '#d18616',
    'charts-green': '#89d185',
    'charts-yellow': '#cca700',
    'charts-foreground': '#ffffff',
  }),
};
