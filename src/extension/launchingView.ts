import type * as vscode from 'vscode';
import type { Registry } from '../domain/registry.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { CareWarning } from './care/model.ts';
import type { PipelinesNode } from './pipelines/model.ts';
import type { RegistryTreeNode } from './registry/model.ts';
import type { SweepsNode } from './sweeps/model.ts';
import type { ListTree } from './ui/listTree.ts';

/** What commands may ask of the parts around launching. */
export interface LaunchingView {
  readonly sweepsTree: ListTree<SweepsNode>;
  readonly pipelines: ListTree<PipelinesNode>;
  readonly registry: ListTree<RegistryTreeNode>;
  readonly lenses: vscode.CodeLensProvider;
  readonly care: { readonly warnings: ReadonlyMap<string, CareWarning> };
  /** All sweeps that the worker knows of this window's folders, by id. */
  sweeps(): Promise<ReadonlyMap<string, Sweep>>;
  /** Takes what is known of a sweep now. */
  takeSweep(sweep: Sweep): void;
  /** Writes the ledger's document anew whenever the sweep changes. */
  followLedger(sweepId: string): void;
  registries(): Promise<readonly Registry[]>;
  showSweeps(): Promise<void>;
  showPipelines(): Promise<void>;
  /** Asks the worker anew what there is, and shows the views that have something. */
  look(): Promise<void>;
}

/** Loads the parts around launching when somebody first needs them. */
export interface LaunchingLoader {
  parts(): Promise<LaunchingView>;
}
