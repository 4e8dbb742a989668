/** What a new thread shows: a greeting, and things to begin with. */

import type { StartScreenPrompt } from "@openai/chatkit";

import { useDesk, type Desk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { UserContent } from "../../protocol/items";
import { refocus } from "../refocus";

export function StartScreen() {
  const desk = useDesk();
  const words = desk.words.value;
  const { greeting, prompts } = desk.settings.value.startScreen;
  return (
    <div class="start" part="start">
      <h3 class="start-greeting" dir="auto">
        {greeting ?? words.greeting}
      </h3>
      {prompts.length > 0 && (
        <ul class="start-prompts" role="list" aria-label={words.suggestions}>
          {prompts.map((prompt, place) => (
            <li key={place}>
              <button type="button" class="start-prompt" onClick={() => void send(desk, prompt)}>
                {prompt.icon && <Icon name={prompt.icon} class="start-icon" />}
                <span dir="auto">{prompt.label}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

async function send(desk: Desk, { prompt }: StartScreenPrompt): Promise<void> {
  const content: UserContent[] = typeof prompt === "string" ? [{ type: "input_text", text: prompt }] : prompt;
  refocus(desk);
  await desk.composer.submit(content);
}
