import type { Link, Place } from './places.ts';

/** Whether two places, by their ids, were said to be two runs. */
export type AreApart = (one: string, other: string) => boolean;

/** Places joined by links, so that two which were said to be apart never meet, by whatever way around. */
export class Components {
  readonly #areApart: AreApart;
  readonly #members = new Map<Place, Place[]>();
  readonly #links: Link[] = [];

  constructor(places: readonly Place[], areApart: AreApart) {
    this.#areApart = areApart;
    for (const place of places) this.#members.set(place, [place]);
  }

  /** The links that hold, in the order in which they came. */
  get links(): readonly Link[] {
    return this.#links;
  }

  /** All places that are one run with this one, itself among them. */
  of(place: Place): readonly Place[] {
    return this.#members.get(place)!;
  }

  join(link: Link): void {
    const [one, other] = [this.#members.get(link.one), this.#members.get(link.other)];
    if (one === undefined || other === undefined) return;
    if (one !== other) {
      if (one.some((place) => other.some((candidate) => this.#areApart(place.id, candidate.id)))) return;
      one.push(...other);
      for (const place of other) this.#members.set(place, one);
    }
    this.#links.push(link);
  }
}
