import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawingRecipes } from '../../../src/domain/checkpointUse.ts';
import { findRecipe, recipes } from '../../../src/recipes/index.ts';
import { subjects } from './subjects.ts';
import { configure } from './tinyRun.ts';

test('menus offer samples for the recipes that draw some, and for no others', () => {
  const known = new Set(recipes.map(({ info }) => info.id));
  for (const id of drawingRecipes) assert.ok(known.has(id), id);
  for (const [id, { facts, small }] of Object.entries(subjects)) {
    const recipe = findRecipe(id)!;
    const { samples } = recipe.build(configure(recipe, small), facts);
    assert.equal(drawingRecipes.has(id), samples !== undefined, id);
  }
});
