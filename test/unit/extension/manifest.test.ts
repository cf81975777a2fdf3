import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  commandIds,
  contextKeys,
  laterViewIds,
  panelTypes,
  settingDefaults,
  viewContainerId,
  viewIds,
  walkthroughId,
} from '../../../src/extension/contributions.ts';

interface Menu {
  readonly command: string;
  readonly when?: string;
}
interface Manifest {
  readonly icon: string;
  readonly activationEvents: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly views: { readonly [container: string]: readonly { readonly id: string; readonly when?: string }[] };
    readonly viewsWelcome: readonly { readonly view: string; readonly when?: string; readonly contents: string }[];
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly enablement?: string;
    }[];
    readonly menus: { readonly [place: string]: readonly Menu[] };
    readonly keybindings: readonly Menu[];
    readonly configuration: {
      readonly properties: { readonly [name: string]: { readonly default: unknown; readonly scope: string } };
    };
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly WalkthroughStep[] }[];
  };
}
interface WalkthroughStep {
  readonly description: string;
  readonly media: { readonly svg?: string; readonly markdown?: string };
  readonly completionEvents: readonly string[];
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { contributes } = manifest;
const commands = new Set<string>(Object.values(commandIds));
const views = new Set<string>([...Object.values(viewIds), ...Object.values(laterViewIds)]);

test('commands of the manifest are those of the code', () => {
  assert.deepEqual(new Set(contributes.commands.map(({ command }) => command)), commands);
  for (const { command, title, category } of contributes.commands) {
    assert.equal(category, 'Trainyard', command);
    assert.match(title, /^[A-Z]/, command);
  }
});

test('menus and key bindings name commands that exist', () => {
  const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
  assert.deepEqual(
    used.filter(({ command }) => !commands.has(command)),
    [],
  );
});

test('views and their container are those of the code', () => {
  assert.deepEqual(Object.keys(contributes.views), [viewContainerId]);
  assert.deepEqual(new Set(contributes.views[viewContainerId]?.map(({ id }) => id)), views);
  assert.equal(contributes.viewsContainers.activitybar[0]?.id, viewContainerId);
  assert.deepEqual(
    contributes.viewsWelcome.filter(({ view }) => !views.has(view)),
    [],
  );
});

test('a view that comes later is hidden until the code says that there is something in it', () => {
  const later = contributes.views[viewContainerId]?.filter(({ id }) =>
    Object.values<string>(laterViewIds).includes(id),
  );
  assert.equal(later?.length, Object.keys(laterViewIds).length);
  for (const { id, when } of later ?? []) assert.ok(Object.values<string>(contextKeys).includes(when ?? ''), id);
});

test('settings of the manifest have the names and defaults of the code', () => {
  const declared = Object.entries(contributes.configuration.properties).map(([name, { default: value }]) => [
    name,
    value,
  ]);
  const known = Object.entries(settingDefaults).map(([name, value]) => [`trainyard.${name}`, value]);
  assert.deepEqual(Object.fromEntries(declared), Object.fromEntries(known));
});

test('settings that name programs belong to the machine and are ignored where the workspace is not trusted', () => {
  assert.equal(contributes.configuration.properties['trainyard.worker.nodePath']?.scope, 'machine');
  assert.ok(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.includes('trainyard.worker.nodePath'));
});

test('conditions use context keys that the code sets, and views that exist', () => {
  const conditions = [
    ...Object.values(contributes.menus)
      .flat()
      .map(({ when }) => when ?? ''),
    ...contributes.keybindings.map(({ when }) => when ?? ''),
    ...contributes.viewsWelcome.map(({ when }) => when ?? ''),
    ...contributes.commands.map(({ enablement }) => enablement ?? ''),
  ];
  const known = new Set<string>([...Object.values(contextKeys), ...views]);
  const named = conditions.flatMap((condition) => condition.match(/trainyard\.\w+/g) ?? []);
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test('activation waits for a sign of runs; nothing is searched deeply', () => {
  for (const event of manifest.activationEvents) {
    assert.match(event, /^(workspaceContains:[^*].*|onWebviewPanel:trainyard\.\w+)$/);
    assert.doesNotMatch(event, /\*\*/);
  }
  for (const type of Object.values(panelTypes)) assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${type}`));
});

test('commands that start or change something need a trusted workspace', () => {
  const names = [
    ...(['launch', 'stop', 'forceStop', 'resume', 'runAgain', 'logConclusion', 'launchFile', 'reproduce'] as const),
    ...([
      'launchEntry',
      'relaunchFailed',
      'fillMissing',
      'resumeTimedOut',
      'relaunchWithEdit',
      'continueSweep',
    ] as const),
    ...(['launchPipeline', 'rerunFromStage', 'dryRunStage', 'markExperiments', 'markAllFailed'] as const),
    ...(['rebuildRegistry', 'createProjectFile', 'addSshHost', 'addSlurmTarget', 'setPriority'] as const),
  ];
  for (const name of names) {
    const declared = contributes.commands.find(({ command }) => command === commandIds[name]);
    assert.match(declared?.enablement ?? '', /isWorkspaceTrusted/, name);
  }
});

test('the walkthrough names files and commands that exist', () => {
  const [walkthrough] = contributes.walkthroughs;
  assert.equal(walkthrough?.id, walkthroughId);
  for (const { description, media, completionEvents } of walkthrough?.steps ?? []) {
    assert.ok(existsSync(media.svg ?? media.markdown ?? ''));
    const named = [
      ...description.matchAll(/command:([\w.]+)/g),
      ...completionEvents.join(' ').matchAll(/onCommand:([\w.]+)/g),
    ];
    assert.ok(named.length > 0);
    for (const [, command] of named) assert.ok(commands.has(command ?? ''), command);
  }
});

test('every icon file exists and follows the theme', () => {
  assert.ok(existsSync(manifest.icon));
  for (const { icon } of contributes.viewsContainers.activitybar) {
    assert.match(readFileSync(icon, 'utf8'), /currentColor/);
  }
  for (const { svg } of (contributes.walkthroughs[0]?.steps ?? []).map(({ media }) => media)) {
    if (svg !== undefined) assert.doesNotMatch(readFileSync(svg, 'utf8'), /(fill|stroke)="#/);
  }
});
