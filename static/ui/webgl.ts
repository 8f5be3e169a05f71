/** Loaded where there is a graphics card to draw by. */
export { WebglAddon } from "@xterm/addon-webgl";
