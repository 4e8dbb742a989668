/** The script: `<openai-chatkit>` and `<frontdesk-chat>`. */

// First: what is loaded later finds its place and its Preact by it.
import "./lazy/load";
import { ChatKitElement } from "./element";

// The script may be there twice, and so may the official one.
if (!customElements.get("frontdesk-chat")) {
  customElements.define("frontdesk-chat", class FrontdeskChat extends ChatKitElement {});
}
if (!customElements.get("openai-chatkit")) customElements.define("openai-chatkit", ChatKitElement);
