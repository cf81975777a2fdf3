// Who may import what: the table of ARCHITECTURE.md as rules. scripts/layers.mjs runs them and counts what they saw.

/** Everything that the composition roots wire together. */
const belowWorker = [
  'base',
  'domain',
  'protocol',
  'client',
  'readers',
  'store',
  'launch',
  'scheduler',
  'graph',
  'nn',
  'recipes',
  'trainer',
];

/** Folder of src → other folders of src that it may import. */
const layers = {
  base: [],
  domain: ['base'],
  protocol: ['base', 'domain'],
  client: ['base', 'domain', 'protocol'],
  readers: ['base', 'domain'],
  store: ['base', 'domain'],
  launch: ['base', 'domain'],
  scheduler: ['base', 'domain', 'launch', 'store'],
  graph: ['base'],
  nn: ['base', 'graph'],
  recipes: ['base', 'domain', 'graph', 'nn'],
  trainer: ['base', 'domain', 'graph', 'nn', 'recipes'],
  worker: belowWorker,
  cli: [...belowWorker, 'worker'],
  extension: ['base', 'domain', 'protocol', 'client'],
};

/** Packages that belong to one place. */
const owners = [
  { packages: '(^|node_modules/)onnxruntime-', folder: '^src/trainer/', name: 'onnxruntime' },
  { packages: '^vscode$|@types/vscode/', folder: '^src/extension/', name: 'vscode' },
  {
    packages: 'node_modules/(chart\\.js|lit|lit-html|lit-element|@lit|@vscode/webview-ui-toolkit|@tanstack)/',
    folder: '^webview/',
    name: 'panel-libraries',
  },
];

const layerRules = Object.entries(layers).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  severity: 'error',
  comment: `src/${folder} imports ${allowed.length === 0 ? 'no other folder' : allowed.join(', ')}.`,
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|webview|test|scripts)/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

const ownerRules = owners.map(({ packages, folder, name }) => ({
  name: `only-owner-imports-${name}`,
  severity: 'error',
  from: { path: '^(src|webview)/', pathNot: folder },
  to: { path: packages },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^vscode$' } },
    {
      name: 'no-node-in-pure-code',
      severity: 'error',
      comment: 'These run in a browser too, or promise to be pure.',
      from: { path: '^(src/(base|domain|protocol|graph|nn)|webview)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-packages-at-the-bottom',
      severity: 'error',
      from: { path: '^src/(base|domain|graph|nn)/' },
      to: { path: 'node_modules/' },
    },
    {
      name: 'layer-webview',
      severity: 'error',
      from: { path: '^webview/' },
      to: { path: '^(src|test|scripts)/', pathNot: '^src/(base|domain|protocol)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^(src|webview)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'product-knows-no-tests',
      severity: 'error',
      from: { path: '^(src|webview)/' },
      to: { path: '^(test|scripts)/' },
    },
    ...layerRules,
    ...ownerRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
