/** How the list of runs is shown. Kept per workspace. */
export const groupings = ['status', 'day', 'recipe', 'project', 'group', 'source', 'none'] as const;
export type Grouping = (typeof groupings)[number];

export const sortings = ['newest', 'oldest', 'name', 'metricLow', 'metricHigh'] as const;
export type Sorting = (typeof sortings)[number];

export interface RunsViewState {
  readonly grouping: Grouping;
  readonly sorting: Sorting;
  readonly filter: string;
  readonly showArchived: boolean;
}

export const initialViewState: RunsViewState = {
  grouping: 'status',
  sorting: 'newest',
  filter: '',
  showArchived: false,
};

export const groupingTitles: { readonly [G in Grouping]: string } = {
  status: 'Status',
  day: 'Day',
  recipe: 'Recipe',
  project: 'Project',
  group: 'Group (sweep, multirun)',
  source: 'Tracker',
  none: 'No groups',
};

export const sortingTitles: { readonly [S in Sorting]: string } = {
  newest: 'Newest first',
  oldest: 'Oldest first',
  name: 'Name',
  metricLow: 'First metric, lowest first',
  metricHigh: 'First metric, highest first',
};

/** The stored state, checked: anything that is not understood takes its initial value. */
export function readViewState(stored: unknown): RunsViewState {
  const given = (typeof stored === 'object' && stored !== null ? stored : {}) as Partial<Record<string, unknown>>;
  return {
    grouping: groupings.find((one) => one === given['grouping']) ?? initialViewState.grouping,
    sorting: sortings.find((one) => one === given['sorting']) ?? initialViewState.sorting,
    filter: typeof given['filter'] === 'string' ? given['filter'] : '',
    showArchived: given['showArchived'] === true,
  };
}
