/** A run as the nodes of the cluster see it. */
export interface JobSite {
  readonly runDirectory: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
}
