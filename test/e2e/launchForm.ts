import type { Workbench } from '../host/workbench.ts';

/** What to type into the form of Launch Training. */
export interface FormAnswers {
  /** Id of the recipe, as its row shows it. */
  readonly recipe: string;
  readonly overrides: readonly string[];
  readonly device: string;
  readonly name: string;
}

/** Goes through the form of Launch Training with the keyboard alone, as a person would. */
export async function launchTraining(workbench: Workbench, answers: FormAnswers): Promise<void> {
  await workbench.command('Trainyard: Launch Training');
  await chooseByTyping(workbench, answers.recipe, 'What to train');
  await chooseByTyping(workbench, 'Defaults', 'Configuration to begin with');
  await fieldAsks(workbench, 'key=value');
  for (const override of answers.overrides) {
    await workbench.quickInput.fill(override);
    await workbench.quickRow(`Set ${override}`).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.quickRow(/Continue.*changed/).waitFor();
  }
  await workbench.page.keyboard.press('Enter');
  await chooseByTyping(workbench, answers.device, 'Device to train on');
  await workbench.answer('Name of the run', answers.name);
  await fieldAsks(workbench, `Start ${answers.name}?`);
  await workbench.quickRow(/Start.*commit [0-9a-f]{10}/).waitFor();
  await workbench.screenshot('launch-preview');
  await workbench.page.keyboard.press('Enter');
}

/** Waits until the quick input shows this placeholder: the form has come to that step. */
async function fieldAsks(workbench: Workbench, placeholder: string): Promise<void> {
  await workbench.page.locator(`.quick-input-widget input[placeholder^="${placeholder}"]`).waitFor();
}

async function chooseByTyping(workbench: Workbench, text: string, placeholder: string): Promise<void> {
  await fieldAsks(workbench, placeholder);
  await workbench.quickInput.fill(text);
  await workbench.quickRow(text).waitFor();
  await workbench.page.keyboard.press('Enter');
}
