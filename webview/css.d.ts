/** Style sheets are bundled into one beside the panel's script. */
declare module '*.css';
