/**
 * Lets xterm.js draw under `style-src 'self'`; import it before xterm.
 *
 * xterm.js writes its theme into `<style>` elements and true colours into `style` attributes. The
 * policy refuses both as inline style, yet allows the same rules through the CSSOM
 * (https://www.w3.org/TR/CSP3/#directive-style-src), so that is where they go.
 */
/// <reference lib="dom" />

/** Stands in for a `<style>` element: its text is a constructed sheet, in force while it is in the page. */
class AdoptedStyle extends HTMLElement {
  readonly #sheet = new CSSStyleSheet();

  override get textContent(): string {
    return "";
  }
  override set textContent(css: string) {
    this.#sheet.replaceSync(css);
  }
  connectedCallback(): void {
    document.adoptedStyleSheets.push(this.#sheet);
  }
  disconnectedCallback(): void {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== this.#sheet);
  }
}
customElements.define("adopted-style", AdoptedStyle);

const createElement = document.createElement;
document.createElement = function (name: string, options?: ElementCreationOptions) {
  return createElement.call(document, name === "style" ? "adopted-style" : name, options);
} as typeof createElement;

HTMLElement.prototype.setAttribute = function (name: string, value: string) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};
