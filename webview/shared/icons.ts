import { html, type SVGTemplateResult, svg, type TemplateResult } from 'lit';

/** Small pictures in the line style of VS Code's own, 16 × 16, in the colour of the text around them. */
const shapes = {
  eye: svg`<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z"/><circle cx="8" cy="8" r="2"/>`,
  eyeOff: svg`<path d="M2 2l12 12M4 5.2C2.400 6.400 1.500 8 1.500 8S4 12.500 8 12.500c1.200 0 2.200-.3 3.100-.8M7 3.600c.3 0 .7-.1 1-.1 4 0 6.500 4.500 6.500 4.500s-.6 1.100-1.700 2.200"/>`,
  expand: svg`<path d="M9.500 2.500h4v4M13.500 2.500l-5 5M6.500 13.500h-4v-4M2.500 13.500l5-5"/>`,
  collapse: svg`<path d="M13.500 6.500h-4v-4M9.500 6.500l4-4M2.500 9.500h4v4M6.500 9.500l-4 4"/>`,
  image: svg`<rect x="2" y="3" width="12" height="10" rx="1"/><circle cx="5.500" cy="6.500" r="1"/><path d="M2.500 12l3.500-3.500 2.500 2.500 2-2 3 3"/>`,
  csv: svg`<path d="M8 2.500v7M5 7l3 3 3-3M2.500 11.500v2h11v-2"/>`,
  table: svg`<rect x="2" y="3" width="12" height="10" rx="1"/><path d="M2 6.500h12M2 9.500h12M6.500 3v10"/>`,
  reset: svg`<path d="M3 8a5 5 0 1 0 1.600-3.700M3 2.500v3h3"/>`,
  chevronDown: svg`<path d="M4 6l4 4 4-4"/>`,
  chevronRight: svg`<path d="M6 4l4 4-4 4"/>`,
  close: svg`<path d="M4 4l8 8M12 4l-8 8"/>`,
  previous: svg`<path d="M10 3.500L5.500 8l4.500 4.500"/>`,
  next: svg`<path d="M6 3.500L10.500 8 6 12.500"/>`,
  warning: svg`<path d="M8 2.500l6 11H2zM8 7v3M8 11.500v.5"/>`,
  list: svg`<path d="M5.500 4h8M5.500 8h8M5.500 12h8M2.500 4h.5M2.500 8h.5M2.500 12h.5"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof shapes;

/** The picture as an element that screen readers pass over: the button around it has the name. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${shapes[name]}</svg>`;
}
