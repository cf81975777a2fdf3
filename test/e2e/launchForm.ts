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
  await workbench.quickRow(/Needs about .* can be had/).waitFor({ timeout: 60_000 });
  await workbench.screenshot('launch-preview');
  await workbench.page.keyboard.press('Enter');
}

/** The keyboard of a person who goes through a form of quick picks. */
export class FormTyper {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** Waits until the quick input shows this placeholder: the form has come to that step. */
  async asks(placeholder: string): Promise<void> {
    await this.#workbench.page.locator(`.quick-input-widget input[placeholder*="${placeholder}"]`).waitFor();
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#workbench.page.keyboard.press(key);
  }

  /** Types and waits for the row that answers to it. */
  async type(text: string, row: string | RegExp): Promise<void> {
    await this.#workbench.quickInput.fill(text);
    await this.#workbench.quickRow(row).waitFor();
  }

  /** Types until the row is there, and takes it. */
  async choose(placeholder: string, text: string, row: string | RegExp = text): Promise<void> {
    await this.asks(placeholder);
    await this.type(text, row);
    await this.press('Enter');
  }

  /** From "Where to run" to the start, on this machine and without a GPU. */
  async startHere(name: string): Promise<void> {
    await this.choose('Where to run', 'This machine');
    await this.choose('GPUs of this machine', 'No GPU');
    await this.#workbench.answer('Name of the run', name);
    await this.asks(`Start ${name}?`);
    await this.#workbench.quickRow(/^Start/).waitFor();
    await this.press('Enter');
  }
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
