/** Says sentences to screen readers, politely: the latest one, when the person pauses. */
export class Announcer {
  readonly #element: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#element = document.createElement('div');
    this.#element.className = 'sr-only';
    this.#element.setAttribute('role', 'status');
    this.#element.setAttribute('aria-live', 'polite');
    document.body.append(this.#element);
  }

  say(text: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#element.textContent = text;
    }, 150);
  }
}
