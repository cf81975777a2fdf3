import { Disposables } from '../base/disposables.ts';
import { viewIds } from './contributions.ts';
import { LazyView, type LazyViewOptions } from './ui/lazyView.ts';

export type ViewName = keyof typeof viewIds;

/** How VS Code treats each view. A view of the manifest without a line here does not compile. */
const viewOptions: { readonly [V in ViewName]: LazyViewOptions } = {
  runs: { canSelectMany: true, showCollapseAll: true },
  checkpoints: { showCollapseAll: true },
  experimentLog: { showCollapseAll: true },
  queue: { canSelectMany: true, draggable: true },
};

/** The views, registered and still empty; whoever loads the window's parts fills them. */
export class Views extends Disposables {
  readonly #views: { readonly [V in ViewName]: LazyView };

  /** `load` must lead to every view being filled. */
  constructor(load: () => Promise<unknown>) {
    super();
    const names = Object.keys(viewOptions) as ViewName[];
    this.#views = Object.fromEntries(
      names.map((name) => [name, this.add(new LazyView(viewIds[name], viewOptions[name], load))]),
    ) as { [V in ViewName]: LazyView };
  }

  get(name: ViewName): LazyView {
    return this.#views[name];
  }
}
