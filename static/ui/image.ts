/** Loaded with the first image that a program prints. */
// The other build of it is one that the bundler breaks: it mistakes a part of that for its own.
// @ts-types="npm:@xterm/addon-image@0.9.0"
export { ImageAddon } from "@xterm/addon-image";
