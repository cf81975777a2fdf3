import { AppError } from '../../base/errors.ts';
import type { RecipeInfo } from '../../domain/recipe.ts';

/** The recipes, loaded when somebody first asks: the graph and network code behind them would slow every start of the worker. */
export async function loadRecipes(): Promise<readonly RecipeInfo[]> {
  const { recipes } = await import('../../recipes/index.ts');
  return recipes.map(({ info }) => info);
}

/** The recipe of an id. Throws `not-found` with the names that there are. */
export async function recipeOf(id: string): Promise<RecipeInfo> {
  const recipes = await loadRecipes();
  const found = recipes.find((recipe) => recipe.id === id);
  if (found !== undefined) return found;
  throw new AppError('not-found', `There is no recipe "${id}".`, {
    hint: `There are ${recipes.map((recipe) => recipe.id).join(', ')}.`,
  });
}
