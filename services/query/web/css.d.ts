/** Bundled into main.css, in the order of their imports. */
declare module '*.css';
