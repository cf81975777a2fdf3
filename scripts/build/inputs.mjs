// Holds bundles to the layer promises: what esbuild really put in, and what it left to be required at run time.

/**
 * Sentences about inputs and imports that the bundle must not have; empty when all is well.
 * @param {import('./bundles.mjs').Bundle} bundle
 * @param {import('esbuild').Metafile} metafile
 * @returns {string[]}
 */
export function checkInputs(bundle, metafile) {
  const problems = [];
  for (const forbidden of bundle.forbids) {
    for (const [file, input] of Object.entries(metafile.inputs)) {
      if (isInside(file, forbidden))
        problems.push(`${bundle.output} contains ${file}, which it must not (${forbidden}).`);
      for (const imported of input.imports) {
        if (imported.external && isModule(imported.path, forbidden)) {
          problems.push(`${bundle.output}: ${file} asks for ${imported.path}, which this bundle must not use.`);
        }
      }
    }
  }
  return problems;
}

/** Forbidden names are folders of this repository, folders of packages, or bare names of packages. @param {string} file @param {string} forbidden */
function isInside(file, forbidden) {
  if (forbidden.startsWith('node_modules/')) return file.includes(forbidden);
  return forbidden.includes('/') ? file.startsWith(forbidden) : file.includes(`node_modules/${forbidden}/`);
}

/** `node:` stands for every built-in module. @param {string} module @param {string} forbidden */
function isModule(module, forbidden) {
  return module === forbidden || (forbidden === 'node:' && module.startsWith('node:'));
}
