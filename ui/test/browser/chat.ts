/** The chat of a page, as its user sees it: found by roles and names, not by how it is built. */
import type { Locator, Page } from "playwright-core";
import assert from "node:assert/strict";

import { eventually } from "./browser";

export class Chat {
  readonly root: Locator;
  readonly field: Locator;
  readonly log: Locator;
  readonly answers: Locator;
  readonly questions: Locator;
  readonly stop: Locator;
  readonly send: Locator;
  readonly history: Locator;

  constructor(readonly page: Page, element = "#chat") {
    this.root = page.locator(element);
    this.field = this.root.getByRole("textbox", { name: "Message", exact: true });
    this.log = this.root.getByRole("log");
    this.answers = this.root.locator('[part~="message-assistant"]');
    this.questions = this.root.locator('[part~="message-user"]');
    this.stop = this.button("Stop the answer");
    this.send = this.button("Send");
    this.history = this.root.locator('[part~="history"]');
  }

  button(name: string): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  /** Opens it, and waits until it can be written to. */
  async visit(url: string): Promise<this> {
    await this.page.goto(url);
    await this.field.waitFor();
    return this;
  }

  async write(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** Sends it, and waits until the answer is over. */
  async ask(text: string): Promise<string> {
    const before = await this.answers.count();
    await this.write(text);
    await eventually(async () => assert.ok((await this.answers.count()) > before, "no answer has begun"));
    await this.idle();
    return this.lastAnswer();
  }

  /** Waits until no answer runs, and the last one can be copied. */
  async idle(): Promise<void> {
    await this.send.waitFor();
    await this.button("Copy the answer").last().waitFor();
  }

  async lastAnswer(): Promise<string> {
    const text = await this.answers.last().innerText();
    return text.replace("The assistant said:", "").trim();
  }

  /** Waits until the last answer holds this. */
  async says(text: string | RegExp): Promise<void> {
    await eventually(async () => {
      const said = await this.lastAnswer();
      assert.ok(typeof text === "string" ? said.includes(text) : text.test(said), `${text} isn't in: ${said}`);
    });
  }

  async openHistory(): Promise<void> {
    await this.button("Show chats").click();
    await this.history.waitFor();
  }

  /** Waits until the server has said which threads there are; the open one may be shown before. */
  async hasListed(): Promise<void> {
    await this.history.locator('.history-list[aria-busy="false"]').waitFor();
  }

  /** The row of a thread in the history. */
  row(title: string): Locator {
    return this.history.getByRole("listitem").filter({ has: this.page.getByRole("button", { name: title, exact: true }) });
  }

  async choose(title: string, entry: "Rename" | "Delete"): Promise<void> {
    await this.history.getByRole("button", { name: `Actions for “${title}”` }).click();
    await this.root.getByRole("menuitem", { name: entry }).click();
  }

  /** What the whole page's focus is on. */
  async focused(): Promise<string> {
    return this.root.evaluate((element) => {
      const active = element.shadowRoot?.activeElement;
      return active?.getAttribute("aria-label") ?? active?.textContent?.trim() ?? "";
    });
  }
}
