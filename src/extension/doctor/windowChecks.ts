import { access, constants, mkdir } from 'node:fs/promises';
import { describeError, toErrorInfo } from '../../base/errors.ts';
import type { DoctorCheck } from '../../domain/doctor.ts';

export interface WindowFacts {
  readonly nodeVersion: string;
  readonly vscodeVersion: string;
  readonly extensionVersion: string;
  readonly workerFile: string;
  readonly home: string;
  readonly trusted: boolean;
  readonly folders: readonly string[];
}

/** What the window can say without the worker, which may be the very thing that is ill. */
export async function windowChecks(facts: WindowFacts): Promise<readonly DoctorCheck[]> {
  return [
    {
      group: 'tools',
      title: 'Versions',
      state: 'ok',
      detail: `Trainyard ${facts.extensionVersion}, VS Code ${facts.vscodeVersion}, Node ${facts.nodeVersion}`,
    },
    await fileCheck(facts.workerFile),
    await homeCheck(facts.home),
    facts.trusted
      ? { group: 'workspace', title: 'Trust', state: 'ok', detail: 'the workspace is trusted' }
      : {
          group: 'workspace',
          title: 'Trust',
          state: 'warning',
          detail: 'the workspace is not trusted: runs are read, nothing is started',
          hint: 'Run "Workspaces: Manage Workspace Trust".',
        },
    facts.folders.length > 0
      ? { group: 'workspace', title: 'Folders', state: 'ok', detail: facts.folders.join(', ') }
      : {
          group: 'workspace',
          title: 'Folders',
          state: 'warning',
          detail: 'no folder on this disk is open',
          hint: 'Open a folder.',
        },
  ];
}

/** The failure of the worker as a check. */
export function workerProblem(error: unknown): DoctorCheck {
  const { hint } = toErrorInfo(error);
  const detail = hint === undefined ? describeError(error) : toErrorInfo(error).message;
  return {
    group: 'worker',
    title: 'Connection',
    state: 'problem',
    detail,
    hint: hint ?? 'Run "Trainyard: Restart Worker", and look at "Trainyard: Show Extension Log".',
  };
}

async function fileCheck(file: string): Promise<DoctorCheck> {
  const title = 'Worker program';
  try {
    await access(file, constants.R_OK);
    return { group: 'worker', title, state: 'ok', detail: file };
  } catch {
    return {
      group: 'worker',
      title,
      state: 'problem',
      detail: `${file} cannot be read`,
      hint: 'Install the extension again.',
    };
  }
}

async function homeCheck(home: string): Promise<DoctorCheck> {
  const title = 'Trainyard’s own folder';
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await access(home, constants.W_OK);
    return { group: 'disk', title, state: 'ok', detail: home };
  } catch (error) {
    return {
      group: 'disk',
      title,
      state: 'problem',
      detail: `${home} cannot be written: ${toErrorInfo(error).message}`,
      hint: 'Make the folder writable, or set TRAINYARD_HOME to another one before VS Code starts.',
    };
  }
}
