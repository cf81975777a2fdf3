import { bridge } from './bridge/index.ts';
import { classifier } from './classifier/index.ts';
import { finetune } from './finetune/index.ts';
import { finetuneLanguage } from './finetuneLanguage/index.ts';
import { languageModel } from './languageModel/index.ts';
import { meanFlow } from './meanflow/index.ts';
import type { Recipe } from './recipe.ts';
import { tabular } from './tabular/index.ts';
import { textClassifier } from './textClassifier/index.ts';

/** All recipes. A new one is a folder and a line here. */
export const recipes: readonly Recipe[] = [
  meanFlow,
  classifier,
  finetune,
  tabular,
  languageModel,
  finetuneLanguage,
  textClassifier,
  bridge,
];

/** The recipe of an id, or undefined. */
export function findRecipe(id: string): Recipe | undefined {
  return recipes.find(({ info }) => info.id === id);
}
