/** All style sheets of the page as one. Each part adds its own here; what comes later wins. */

import base from "./base.css";
import app from "./app.css";
import composer from "./composer/composer.css";
import header from "./header/header.css";
import history from "./history/history.css";
import markdown from "./markdown/markdown.css";
import menu from "./menu/menu.css";
import message from "./message/message.css";
import start from "./start/start.css";
import structured from "./structured/structured.css";
import transcript from "./transcript/transcript.css";
import content from "./widgets/content.css";
import control from "./widgets/control.css";
import widget from "./widgets/widget.css";
import workflow from "./workflow/workflow.css";

const TEXTS = [base, app, header, menu, start, history, transcript, message, markdown, workflow, structured, composer, widget, content, control];

let made: CSSStyleSheet | null = null;

/** The same one for every chat on the page. */
export function sheet(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(TEXTS.join("\n"));
  }
  return made;
}
