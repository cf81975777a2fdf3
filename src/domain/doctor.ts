/** One thing that `doctor` looked at. */
export interface DoctorCheck {
  readonly group: 'worker' | 'devices' | 'disk' | 'workspace' | 'tools';
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** What to do, where something is wrong. */
  readonly hint?: string;
}

export interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
}
